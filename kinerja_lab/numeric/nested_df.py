"""On how many degrees of freedom does each coefficient of a random-intercept regression rest? Satterthwaite, closed."""

import numpy as np

from kinerja_lab.numeric.nested_errors import NestedFit, NestedSums

__all__ = ["satterthwaite_df"]


def satterthwaite_df(sums: NestedSums, fit: NestedFit) -> np.ndarray:
    """Degrees of freedom of every coefficient.

    Parameters
    ----------
    sums : NestedSums
        What was fitted.
    fit : NestedFit
        From ``nested_fit``. Where its variance between groups is 0 the fit is least squares: rows less columns.

    Returns
    -------
    numpy.ndarray, shape (p,)
        NaN where the likelihood has no peak in both variances.

    Notes
    -----
    df = 2 v^2 / (g'A g) with v the variance of a coefficient, g its derivatives by the two variances, and A twice the
    inverse of the second derivatives of the restricted deviance. All of it is made of group sizes, group means and
    cross products within groups. With h = n / (within + n between) and w = 1 / within: C = w xx + sum h x x', and the
    deviance is log|V| + log|C| + w rr + sum h r^2 at the best coefficients, r being residuals (of group means).

    References
    ----------
    Kuznetsova, A., Brockhoff, P. B., Christensen, R. H. B. (2017). lmerTest package: tests in linear mixed effects
    models. Journal of Statistical Software 82(13), eq. 6-9. Fai, A. H.-T., Cornelius, P. L. (1996). Approximate F-tests
    of multiple degree of freedom hypotheses. Journal of Statistical Computation and Simulation 54, 363-378.
    """
    p = len(fit.coefficients)
    if fit.between <= 0:
        return np.full(p, sums.sizes.sum() - p)
    n, x, beta = sums.sizes, sums.x_means, fit.coefficients
    alpha, inverse = fit.within + n * fit.between, fit.inverse
    h = n / alpha
    # derivatives by (between, within): of h, and of 1 / within
    first = np.stack([-h**2, -h**2 / n])
    second = np.stack([[2 * h**3, 2 * h**3 / n], [2 * h**3 / n, 2 * h**3 / n**2]])
    flat = np.array([0.0, -1 / fit.within**2])
    bent = np.array([[0.0, 0.0], [0.0, 2 / fit.within**3]])
    rest = sums.y_means - x @ beta
    inner_rest = sums.yy - 2 * beta @ sums.xy + beta @ sums.xx @ beta
    outer = np.einsum("gi,gj->gij", x, x).reshape(len(n), -1)
    cross1 = (first @ outer).reshape(2, p, p) + flat[:, None, None] * sums.xx
    pull = first @ (x * rest[:, None]) + flat[:, None] * (sums.xy - sums.xx @ beta)
    cross2 = (second @ outer).reshape(2, 2, p, p) + bent[:, :, None, None] * sums.xx
    turned = inverse @ cross1
    determinant = np.array([[-(n**2 / alpha**2).sum(), -(n / alpha**2).sum()],
                            [-(n / alpha**2).sum(), -((n - 1) / fit.within**2 + 1 / alpha**2).sum()]])
    curve = (determinant + np.einsum("ij,abji->ab", inverse, cross2) - np.einsum("aij,bji->ab", turned, turned)
             + second @ rest**2 + bent * inner_rest - 2 * pull @ inverse @ pull.T)
    if np.linalg.eigvalsh(curve).min() <= 0:
        return np.full(p, np.nan)
    slope = -np.einsum("aij,jk->aik", turned, inverse)[:, range(p), range(p)]
    spread = np.einsum("aj,ab,bj->j", slope, 2 * np.linalg.inv(curve), slope)
    return 2 * np.diag(inverse) ** 2 / spread

# Numbers of lavaan for tests/reference/test_confirmatory_reference.py, beyond those in ../shared/refs.
# Usage: Rscript tests/reference/confirmatory_lavaan.R ../shared/refs/validation/data > tests/reference/confirmatory_lavaan.json
suppressPackageStartupMessages({library(lavaan); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
hs <- read.csv(file.path(folder, "holzinger1939.csv"))
hs$cl <- paste(hs$school, hs$ageyr)
hs$w <- 0.5 + (seq_len(nrow(hs)) %% 7) / 4
bf <- read.csv(file.path(folder, "bfi.csv"))
model <- "visual =~ a1*x1+a2*x2+a3*x3\ntextual =~ a4*x4+a5*x5+a6*x6\nspeed =~ a7*x7+a8*x8+a9*x9
x1~~e1*x1\nx2~~e2*x2\nx3~~e3*x3\nx4~~e4*x4\nx5~~e5*x5\nx6~~e6*x6\nx7~~e7*x7\nx8~~e8*x8\nx9~~e9*x9
visual_omega := (a1+a2+a3)^2/((a1+a2+a3)^2+e1+e2+e3)
textual_omega := (a4+a5+a6)^2/((a4+a5+a6)^2+e4+e5+e6)"
plain <- gsub("[ae][1-9]\\*", "", sub("\nx1.*", "", model))
second <- paste0(plain, "\ng =~ visual + textual + speed")
bifactor <- "g =~ A2+A3+A4+A5+E3+E4+E5+C1+C2+C3\nA =~ A2+A3+A4+A5\nE =~ E3+E4+E5\nC =~ C1+C2+C3"
numbers <- function(f) {
  p <- parameterEstimates(f); s <- standardizedSolution(f); a <- fitMeasures(f)
  list(n = sum(lavInspect(f, "nobs")), fit = as.list(a[grep("^chisq|^df|^cfi|^tli|^rmsea|^srmr$|baseline", names(a))]),
       raw = p[, c("lhs", "op", "rhs", "est", "se")], standard = s[, c("lhs", "op", "rhs", "est.std", "se")])
}
one <- function(...) numbers(suppressWarnings(cfa(..., std.lv = TRUE)))
steps <- list(configural = "", loadings = "loadings", intercepts = c("loadings", "intercepts"),
              residuals = c("loadings", "intercepts", "residuals"))
fits <- lapply(steps, function(own) cfa(plain, hs, group = "school", group.equal = own, estimator = "MLM", std.lv = TRUE))
lr <- suppressWarnings(lavTestLRT(fits[[1]], fits[[2]], fits[[3]], fits[[4]], method = "satorra.2000",
                                  scaled.shifted = TRUE))
partial <- cfa(plain, hs, group = "school", group.equal = steps$intercepts, group.partial = c("x3~1", "x7~1"),
               estimator = "MLM", std.lv = TRUE)
pe <- parameterEstimates(partial)
out <- list(
  lavaan = as.character(packageVersion("lavaan")), R = as.character(getRversion()),
  ML = one(model, hs), MLM = one(model, hs, estimator = "MLM"), MLR = one(model, hs, estimator = "MLR"),
  cluster = one(model, hs, estimator = "MLR", cluster = "cl"),
  weights = one(model, hs, estimator = "MLR", sampling.weights = "w", meanstructure = TRUE),
  second_ML = one(second, hs), second_MLR = one(second, hs, estimator = "MLR"),
  bifactor_MLR = one(bifactor, na.omit(bf[, c(paste0("A", 2:5), paste0("E", 3:5), paste0("C", 1:3))]), estimator = "MLR",
                     orthogonal = TRUE),
  ladder = lapply(fits, function(f) as.list(fitMeasures(f, c("chisq", "df", "chisq.scaled", "cfi.scaled", "rmsea.scaled",
                                                            "cfi.robust", "srmr")))),
  ladder_difference = list(chisq = lr$`Chisq diff`, df = lr$`Df diff`, p = lr$`Pr(>Chisq)`),
  partial = list(fit = as.list(fitMeasures(partial, c("chisq", "df", "chisq.scaled"))),
                 parameters = pe[pe$group == 2 & pe$op %in% c("~1", "=~"), c("lhs", "op", "rhs", "est", "se")],
                 reference = pe[pe$group == 1 & pe$op == "~1", c("lhs", "est", "se")]))
cat(toJSON(out, auto_unbox = TRUE, digits = 12, na = "null", pretty = FALSE), "\n")

"""Layer 5, report: from a study to one report per region that an official can open without us.

A plan turns a study into independent jobs (one a region, one for all together). A job is one notebook with typed
parameters and a content key: the hash of everything its result depends on. The engine runs notebooks with papermill in
kernels forked from one warm process; the exporter turns an executed notebook into a page without code; a folder of
results appears whole or not at all, and a job whose key has not changed is not run again.
"""

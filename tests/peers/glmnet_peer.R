# glmnet_peer.R: glmnet as a process that run asks, line by line, to solve.
#
#   load PREFIX LOSS LAMBDAS   reads X, y and the grid
#   solve glmnet THRESH [OUT]  times the glmnet() call alone; OUT: weights
#
# No intercept, no standardisation, the naive update; fdev = 0 and devmax = 1,
# so that the path never ends early.
suppressPackageStartupMessages(library(glmnet))
glmnet.control(fdev = 0, devmax = 1)

read_npy <- function(path) {
    con <- file(path, "rb")
    on.exit(close(con))
    magic <- readBin(con, "raw", 8)
    stopifnot(magic[2:6] == charToRaw("NUMPY"), magic[7] == 1)
    size <- readBin(con, "integer", 1, size = 2, signed = FALSE,
                    endian = "little")
    header <- readChar(con, size, useBytes = TRUE)
    shape <- sub(".*'shape': \\(([^)]*)\\).*", "\\1", header)
    dims <- as.numeric(strsplit(gsub("[ L]", "", shape), ",")[[1]])
    stopifnot(grepl("<f8", header),
              length(dims) == 1 || grepl("True", header))
    x <- readBin(con, "double", prod(dims), size = 8, endian = "little")
    if (length(dims) == 2) dim(x) <- dims
    x
}

x <- y <- lambda <- family <- NULL

load_problem <- function(prefix, loss, grid) {
    x <<- read_npy(paste0(prefix, ".X.npy"))
    y <<- read_npy(paste0(prefix, ".y.npy"))
    lambda <<- readBin(grid, "double", file.size(grid) / 8)
    family <<- c(squared = "gaussian", logistic = "binomial",
                 multinomial = "multinomial")[[loss]]
    if (family != "gaussian") y <<- factor(y)
    paste0("glmnet ", packageVersion("glmnet"), ", R ", getRversion())
}

fit_path <- function(thresh) {
    common <- list(x = x, y = y, family = family, lambda = lambda,
                   standardize = FALSE, intercept = FALSE, thresh = thresh,
                   maxit = 1e8)
    if (family == "gaussian") common$type.gaussian <- "naive"
    if (family == "multinomial") common$type.multinomial <- "ungrouped"
    gc()
    begin <- Sys.time()
    fit <- do.call(glmnet, common)
    list(fit = fit, seconds = as.numeric(difftime(Sys.time(), begin,
                                                  units = "secs")))
}

write_weights <- function(fit, path) {
    beta <- if (is.list(fit$beta)) fit$beta else list(fit$beta)
    dense <- lapply(beta, as.matrix)
    con <- file(path, "wb")
    on.exit(close(con))
    for (l in seq_along(fit$lambda))
        for (k in seq_along(dense)) writeBin(dense[[k]][, l], con)
}

solve_path <- function(thresh, path) {
    run <- suppressWarnings(fit_path(thresh))
    if (length(run$fit$lambda) != length(lambda))
        return(paste("failed", length(run$fit$lambda), "of", length(lambda),
                     "lambdas"))
    if (!is.na(path)) write_weights(run$fit, path)
    sprintf("seconds %.6f", run$seconds)
}

input <- file("stdin", "r")
repeat {
    line <- readLines(input, 1)
    if (length(line) == 0) break
    words <- strsplit(line, "\t")[[1]]
    reply <- tryCatch(
        if (words[1] == "load") load_problem(words[2], words[3], words[4])
        else solve_path(as.numeric(words[3]), words[4]),
        error = function(e) paste("failed", conditionMessage(e)))
    cat(gsub("\n", " ", reply), "\n", sep = "")
    flush(stdout())
}

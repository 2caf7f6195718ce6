-- coding.lua: spred.pictures, patches, dictionary, code and coders; run by t-luacoding.c,
-- which gives check, raises and near.
local width, height = 40, 32
local picture = spred.zeros(height, width)
for y = 1, height do
    for x = 1, width do
        picture[{y, x}] = 120 + 60 * math.sin(0.3 * x) * math.cos(0.2 * y) + (x + y > 40
            and 30 or 0)
    end
end

-- Patches of matrices: sizes, reductions, seeds.
local X = spred.patches{pictures = picture, size = 5, count = 200}
check(X.rows == 25 and X.cols == 200)
for j = 1, 200, 37 do
    local sum = 0
    for i = 1, 25 do sum = sum + X[{i, j}] end
    near(sum, 0, 1e-9)
end
check(spred.patches{pictures = {picture}, size = 5, count = 200}[{3, 4}] == X[{3, 4}])
check(spred.patches{pictures = picture, size = 5, count = 200, seed = 18}[{3, 4}] ~= X[{3, 4}])
local raw = spred.patches{pictures = {picture, picture}, size = 3, count = 2 * 38 * 30,
    center = false}
local least = math.huge
for j = 1, raw.cols do least = math.min(least, raw[{1, j}]) end
check(least >= 60, least)
local unit = spred.patches{pictures = picture, size = 4, count = 50, norm = "unit"}
local squares = 0
for i = 1, 16 do squares = squares + unit[{i, 7}] ^ 2 end
near(squares, 1, 1e-12)

-- A dictionary and codes; the certificate, recomputed here.
local D = spred.dictionary{signals = X, atoms = 30, lambda = 8, method = "dct"}
check(D.rows == 25 and D.cols == 30)
local lambda = 8
local codes = spred.code{dictionary = D, signals = X, lambda = lambda,
    coder = "coordinate-descent", gap = 1e-7}
check(codes.signals == 200 and codes.certified == 200 and codes.coded == 200)
check(codes.gap + codes.floor <= 1e-7 and codes.steps > 0 and codes.seconds >= 0
    and codes.seconds_certify >= 0)
local Z = codes.matrix
check(Z.rows == 30 and Z.cols == 200 and Z.storage == "csc")
near(Z.stored / 200, codes.nonzeros, 1e-12)
local fitted, mean, share, some = D * Z, 0, 0, 0
for j = 1, 200 do
    local error, size, l1 = 0, 0, 0
    for i = 1, 25 do
        error = error + (X[{i, j}] - fitted[{i, j}]) ^ 2
        size = size + X[{i, j}] ^ 2
    end
    for a = 1, 30 do l1 = l1 + math.abs(Z[{a, j}]) end
    mean = mean + (error / 2 + lambda * l1) / 200
    if size > 0 then
        share, some = share + error / size, some + 1
    end
    -- The optimality conditions of the lasso.
    for a = 1, 30 do
        local correlation = 0
        for i = 1, 25 do correlation = correlation + D[{i, a}] * (X[{i, j}] - fitted[{i, j}]) end
        check(math.abs(correlation) <= lambda * (1 + 1e-3), correlation)
    end
end
near(mean / codes.objective, 1, 1e-12)
near(share / some, codes.squares, 1e-12)
for _, m in ipairs(spred.coders()) do
    check(#m.doc > 0 and type(m.options) == "table"
        and (m.kind == "coder" or m.kind == "dictionary"))
    if m.kind == "coder" then
        local other = spred.code{dictionary = D, signals = X, lambda = lambda, coder = m.name,
            threads = 2}
        near(other.objective / codes.objective, 1, 1e-5)
    else
        local other = spred.dictionary{signals = X, atoms = 12, lambda = 8, method = m.name}
        local norm = 0
        for i = 1, 25 do norm = norm + other[{i, 5}] ^ 2 end
        near(norm, 1, 1e-9)
    end
end
local learnt = spred.dictionary{signals = X, atoms = 30, lambda = 8, options = {passes = 2}}
check(spred.code{dictionary = learnt, signals = X, lambda = lambda}.objective < codes.objective)
check(tostring(codes):find("codes of 200 signals over 30 atoms: 200 certified", 1, true),
    tostring(codes))

-- A picture from a file.
if shared then
    local pictures = spred.pictures(shared .. "/images/pictures/skimage_camera.pgm")
    check(#pictures == 1 and pictures[1].rows == 512 and pictures[1].cols == 512)
    local patches = spred.patches{pictures = shared .. "/images/pictures/skimage_camera.pgm",
        count = 10}
    check(patches.rows == 64 and patches.cols == 10)
end

-- Mistakes.
raises(function() spred.pictures("nowhere.pgm") end, "nowhere.pgm: No such file")
raises(function() spred.pictures(3.5) end, "3.5: No such file")
raises(function() spred.patches{pictures = {}} end, "pictures: is empty")
raises(function() spred.patches{pictures = {true}} end, "matrix expected")
raises(function() spred.patches{pictures = picture, size = 33} end, "the pictures have 0 places")
raises(function() spred.patches{pictures = picture, size = 0} end, "size: expected 1 to 64, got 0")
raises(function()
    spred.patches{pictures = picture, norm = "l1"}
end, "norm: expected none or unit, got 'l1'")
raises(function()
    spred.patches{picture = picture}
end, "no key 'picture' %(did you mean 'pictures'%?%)")
raises(function() spred.dictionary{signals = X, atoms = 5} end, "lambda: expected a number above 0")
raises(function() spred.dictionary{atoms = 5, lambda = 1} end, "'signals' is missing")
raises(function()
    spred.dictionary{signals = X, lambda = 1, method = "onlin"}
end, "did you mean 'online'%?")
raises(function()
    spred.dictionary{signals = X, lambda = 1, options = {passs = 1}}
end, "did you mean 'passes'%?")
raises(function() spred.dictionary{signals = X, lambda = 1, options = {passes = 0}} end, "passes")
raises(function()
    spred.dictionary{signals = X, lambda = 1, options = 3}
end, "options: expected a table, got a number")
raises(function()
    spred.code{dictionary = D, signals = unit, lambda = 1}
end, "atoms have 25 values, the signals 16")
raises(function()
    spred.code{dictionary = Z, signals = X, lambda = 1}
end, "dictionary: expected a dense f64 matrix")
raises(function()
    spred.code{dictionary = D, signals = X, lambda = 1, coder = "larz"}
end, "did you mean 'lars'%?")
raises(function()
    spred.code{dictionary = D, signals = X, lambda = 1, gap = 0}
end, "gap: expected a number above 0")
raises(function()
    spred.code{dictionary = D, signals = X, lambda = 1, threads = 0}
end, "threads: expected 1 to 1024")

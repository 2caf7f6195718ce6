-- learn.lua: spred.learn with models that look at one gene after the other and
-- offer each (tests/fake-models.h): t-lualearn runs it.
local spred = require "spred"

-- Gene 3 has the class in it.
local n, p = 60, 8
local rng = spred.rng(5)
local x, y = spred.zeros(n, p), {}
for i = 1, n do
    y[i] = i % 3 == 0 and "sick" or "well"
    for j = 1, p do
        x[{i, j}] = rng:normal()
    end
    x[{i, 3}] = (y[i] == "sick" and 2 or 0) + 0.1 * x[{i, 3}]
end
local d = spred.data.new{x = x, y = y, name = "plain"}

local m = spred.learn{
    data = d, model = "look", options = {genes = 5}, tune = {gain = {1, 9}}, seed = 4
}
check(spred.type(m) == "model")
check(m.name == "look" and m.status == "done" and m.reason == nil)
check(m.chosen == "gain=9 gene=3", m.chosen)
check(m.options == "gain=1;9 genes=5 way=well word=", m.options)
check(m.accuracy == 1 and m.balanced_accuracy == 1 and m.auc == 1 and m.validation == 1)
check(m.log_loss < 0.1 and m.r2 ~= m.r2)
check(m.train + m.validate + m.test == n and m.test == 12)
check(m.support == 1 and #m:genes() == 1 and #m:genes(0) == 0)
local gene = m:genes()[1]
check(gene.column == 3 and gene.importance == 9 and gene.feature == d.features[3])
check(tostring(m):find("model look, gain=9 gene=3: balanced accuracy 1"), tostring(m))

local tried = m:candidates()
check(#tried == 2 and tried[1].settings == "gain=1" and tried[2].settings == "gain=9")
check(not tried[1].chosen and tried[2].chosen and tried[2].at == "gene=3")
check(tried[1].offers == 5 and tried[1].stop == "done" and tried[1].note == "looked with gain 1")
check(tried[1].job == nil)

-- Predictions of data and of matrices.
check(#m.classes == 2)
local said = m:predict(d)
for i = 1, n do
    check(said[i] == y[i], i)
end
local scores, shares = m:predict(x, "score"), m:predict(d, "probability")
check(scores.rows == n and scores.cols == 2 and shares.cols == 2)
for i = 1, n do
    check(math.abs(shares[{i, 1}] + shares[{i, 2}] - 1) < 1e-12)
    check((scores[{i, 2}] > scores[{i, 1}]) == (shares[{i, 2}] > 0.5))
end
check(m:predict(spred.zeros(0, p), "score").rows == 0)

-- The same seed gives the same model, another trial another split.
local function scores_of(trial)
    return spred.learn{data = d, model = {look = {gain = 2}}, trial = trial}:predict(d, "score")
end
check(scores_of(1)[{7, 2}] == scores_of(1)[{7, 2}])
check(scores_of(1)[{7, 2}] ~= scores_of(2)[{7, 2}])

-- Numbers; the protocol's keys; a model of all genes.
local values = spred.zeros(n, 1)
for i = 1, n do
    values[i] = x[{i, 2}]
end
local real = spred.learn{
    x = x, y = values, model = "look", protocol = {test = 0.25, validate = 0.25}, wall = 60
}
check(real.r2 > 0.1 and real.classes == nil and real.test == 15, real)
check(real:predict(x).cols == 1 and real.chosen == "gene=2")
local all = spred.learn{data = d, model = "look-all", protocol = {validate = 0, test = 0.3}}
check(all.support == p and #all:genes(3) == 3 and all.validation ~= all.validation)
check(all.chosen == "gene=5") -- nothing chooses: the last offer

-- A setting that fails is a candidate; if all do, an error.
local some = spred.learn{data = d, model = "look", tune = {way = {"fail", "well"}}}
check(some.reason:find("1 of 2 settings") and some:candidates()[1].stop == "error")
check(some:candidates()[1].support == nil)
raises(function()
    return spred.learn{data = d, model = {look = {way = "fail"}}}
end, "look: .*will not look")
raises(function() return all:predict(d, "probability") end, "look%-all gives no probabilities")
raises(function()
    return spred.learn{x = x, y = values, model = "look-all"}
end, "needs a target of classes")

-- Mistakes.
raises(function() return spred.learn{data = d} end, "'model' is missing")
raises(function() return spred.learn{model = "look"} end, "expected data=, or x= and y=")
raises(function()
    return spred.learn{data = d, model = "lok"}
end, "unknown model 'lok', did you mean 'look'")
raises(function()
    return spred.learn{data = d, modle = "look"}
end, "no key 'modle' %(did you mean 'model'")
raises(function()
    return spred.learn{data = d, model = {look = {gian = 1}}}
end, "no option 'gian' %(did you mean 'gain'")
raises(function()
    return spred.learn{data = d, model = {look = {gain = {1, 2}}}}
end, "one model is learnt, these are 2")
raises(function()
    return spred.learn{data = d, model = {look = {}}, tune = {gain = {1}}}
end, "go with model = \"name\"")
raises(function()
    return spred.learn{data = d, model = "look", trial = 0}
end, "trial: expected 1 to")
raises(function() return spred.learn{data = d, model = "look", tune = {gain = {1, 2}},
    protocol = {choose = {kind = "none"}}} end, "nothing chooses among its 2 values")
raises(function()
    return m:predict(spred.zeros(3, 4))
end, "the model has 8 features, x has 4 columns")
raises(function() return m:predict("x") end, "expected data or a matrix, got a string")
raises(function() return m:predict(d, "clas") end, "expected class, score or probability")
raises(function() return m.acuracy end, "did you mean 'accuracy'")

-- What there is, and experiments.
check(spred.models()[1].name == "look" and spred.models()[1].options.genes == "5")
check(spred.models()[3].saves and not spred.models()[1].saves)
local e = spred.experiment{
    name = "models", datasets = {{simulated = {n = 40, p = 30, classes = 2}}},
    models = {"look-all", {look = {gain = {1, 2}, tune = {genes = {2, 3}}}}},
    protocol = {trials = 2},
}
check(tostring(e):find("0 solvers, 3 models, 2 trials"), tostring(e))
local jobs = e:plan()
check(#jobs == 6 and jobs[2].model == "look" and jobs[2].tune == "genes=2;3", jobs[2].tune)

-- Marks, layers and matrices of the fits.
local trod = spred.learn{
    data = d, model = "tread", options = {steps = 50}, tune = {rate = {0.1, 0.01}}
}
local marks, layers = trod:marks(), trod:layers()
check(#marks == 6 and #layers == 12 and #m:marks() == 0 and #m:layers() == 0 and #m:arrays() == 0)
check(marks[4].candidate == 2 and marks[4].mark == 4 and marks[4].rule == "dense")
check(marks[4].job == nil)
check(marks[1].threshold ~= marks[1].threshold and marks[2].threshold == 0.1)
check(marks[1].weights == 2 * p and marks[1].nonzero == 2 * p and marks[1].macs_dense == 2 * p)
check(marks[3].nonzero < marks[1].nonzero and marks[3].seconds_sample > 0)
check(marks[3].nonzero == layers[5].nonzero + layers[6].nonzero and layers[6].name == "second")
check(layers[5].mark == 3 and layers[5].layer == 1 and layers[5].units == p / 2)
local shown = trod:arrays()[1]
check(#trod:arrays() == 1 and shown.name == "weights")
check(shown.values.rows == p and shown.values.cols == 2)
check(shown.width == p and shown.height == 1 and shown.job == nil)

-- A model in a file predicts the same bits, in any order of things.
local path = os.tmpname()
check(trod:save(path) == trod)
local saved = spred.load_model(path)
check(spred.type(saved) == "saved" and saved.name == "tread" and saved.chosen == trod.chosen)
check(saved.dataset == "plain" and saved.features[3] == d.features[3] and #saved.classes == 2)
check(saved.options == trod.options and tostring(saved):find("saved model tread, rate=0.1 step=50"))
local was, is = trod:predict(x, "score"), saved:predict(x, "score")
for i = 1, n do
    check(was[{i, 1}] == is[{i, 1}] and was[{i, 2}] == is[{i, 2}])
    check(trod:predict(d)[i] == saved:predict(d)[i])
end
check(saved:predict(d, "probability").cols == 2)
check(saved:genes(1)[1].feature == trod:genes(1)[1].feature)
check(saved:genes(1)[1].column == 3)
check(math.abs(math.abs(shown.values[{3, 1}]) / saved:genes(1)[1].importance - 1) < 1e-5)
raises(function() return saved:predict(spred.zeros(2, 3)) end, "the model has 8 features, x has 3")
raises(function() return m:save(path) end, "the model look cannot be saved")
raises(function() return trod:save("/no/such/folder/x") end, "cannot be written: No such file")
raises(function() return spred.load_model("/no/such/file") end, "No such file")
raises(function() return spred.load_model(os.getenv("SPRED_SOURCE") .. "/README.md") end,
    "README.md: not a saved model")
os.remove(path)

-- Layers of a network, as tables.
local net = spred.learn{data = d, model = {look = {word = {
    {linear = {out = 4, sparse = {kind = "spred", lambda = 0.1}}}, "relu", "linear"}}}}
check(net.options:find("word=linear(out=4,sparse=spred,lambda=0.1)|relu|linear", 1, true),
    net.options)
for _ = 1, 50 do
    m = spred.learn{data = d, model = "look"}
end
check(m:predict(d)[1] == y[1])

-- custom-figure.lua: a figure kind of its own: how many features each run kept.
-- Use it from an experiment: script: custom-figure.lua, figures: [kept].
spred.figure {
    name = "kept",
    doc = "features with a nonzero weight, by run",
    draw = function(results)
        local y, simulated = {}, false
        for _, run in ipairs(results:rows()) do
            y[#y + 1] = run.support
            simulated = simulated or run.simulated == 1
        end
        if #y == 0 then
            return nil
        end
        return {
            y = y, kind = "bars", xlabel = "run", ylabel = "features kept",
            simulated = simulated, results = results,
        }
    end,
}

-- ista.lua: proximal gradient (ISTA) in Lua, a pattern for methods of one's own.
-- Beck and Teboulle 2009, SIAM J. Imaging Sci. 2(1).
--
-- In an experiment's YAML one line adds it:
--     solvers: [coordinate-descent, ista.lua]
-- or by its name, here with and without momentum:
--     script: ista.lua
--     solvers:
--       - my-ista: {momentum: [true, false]}
--
-- The harness times it, observes s.w (p x K) and s.b (K x 1), and certifies the duality gap; a
-- method need not, and cannot, say itself how good it is.

local function init(s, ctx)
    s.step = 1 / ctx:lipschitz()
    s.z, s.zb = s.w:copy(), s.b:copy() -- where the gradient is taken
    s.g, s.gb = s.w:copy(), s.b:copy() -- the gradient
    s.old, s.oldb = s.w:copy(), s.b:copy() -- the iterate before
end

-- A new lambda: the last iterate is the warm start, the momentum is forgotten.
local function start(s)
    s.z:copy_from(s.w)
    s.zb:copy_from(s.b)
    s.t = 1
end

local function step(s, ctx)
    s.old:copy_from(s.w)
    s.oldb:copy_from(s.b)
    ctx:gradient(s.z, s.zb, s.g, s.gb)
    s.w:copy_from(s.z):axpy(-s.step, s.g)
    s.b:copy_from(s.zb):axpy(-s.step, s.gb) -- the intercept is not penalised
    ctx:prox(s.w, s.step)
    -- Momentum that points uphill is dropped (O'Donoghue and Candes 2015).
    if s.z:axpy(-1, s.w):dot(s.w) > s.z:dot(s.old) then
        s.t = 1
    end
    local t = (1 + math.sqrt(1 + 4 * s.t ^ 2)) / 2
    local beta = ctx.options.momentum and (s.t - 1) / t or 0
    s.t = t
    s.z:copy_from(s.w):scale(1 + beta):axpy(-beta, s.old)
    s.zb:copy_from(s.b):scale(1 + beta):axpy(-beta, s.oldb)
    return false -- never claims to be finished: the certificate ends the run
end

spred.solver {
    name = "my-ista",
    doc = "proximal gradient in Lua, with FISTA's momentum",
    reference = "Beck and Teboulle 2009, SIAM J. Imaging Sci. 2(1)",
    options = {momentum = {"FISTA's momentum (false: ISTA)", true}},
    takes = {"groups", "custom"}, -- all penalties, through ctx:prox
    init = init, start = start, step = step,
}

-- Health of an IngestionRun for Argo CD: Progressing, Suspended, Degraded or Healthy.
-- Plain Lua 5.1 without the string library, as Argo CD runs health checks by default.
local status = obj.status or {}

if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "the operator has not looked at this generation yet" }
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function holds(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

local function health(verdict, kind)
  local condition = conditions[kind] or { reason = "NoConditionYet" }
  local message = condition.reason
  if (condition.message or "") ~= "" then
    message = message .. ": " .. condition.message
  end
  return { status = verdict, message = message }
end

if holds("Reconciling") then
  return health("Progressing", "Reconciling")
elseif holds("Stalled") then
  return health("Degraded", "Stalled")
elseif holds("Ready") then
  return health("Healthy", "Ready")
elseif conditions.Ready ~= nil and conditions.Ready.reason == "Suspended" then
  return health("Suspended", "Ready")
end
return health("Progressing", "Ready")

-- For wrk: GET one rocket, the 500 that harness.py has made by turn. wrk ... -s get.lua URL -- SALT
-- SPDX-License-Identifier: Apache-2.0
local ROCKETS = 500
local asked = 0
local requests = {}

function init(args)
   for index = 0, ROCKETS - 1 do
      local id = string.format("%s-c9cf-404a-%04d-%012d", args[1], 0, index)
      requests[index] = "GET /rockets/" .. id .. " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\n\r\n"
   end
end

function request()
   asked = asked + 1
   return requests[asked % ROCKETS]
end

local here = debug.getinfo(1, "S").source:match("@(.*/)") or "./"
dofile(here .. "summary.lua")

-- For wrk: one message a request, 500 rockets a thread. wrk ... -s post.lua URL -- SALT
-- The salt (8 hex digits) makes the rockets of a run its own, so that no message is a duplicate.
-- SPDX-License-Identifier: Apache-2.0
local ROCKETS = 500
local threads = 0
local sent = 0
local channels = {}
local launched = '"messageTime":"2022-02-02T19:39:05.86337+01:00","messageType":"RocketLaunched"},'
   .. '"message":{"type":"Falcon-9","launchSpeed":500,"mission":"ARTEMIS"}}'
local sped_up = '"messageTime":"2022-02-02T19:39:05.86337+01:00",'
   .. '"messageType":"RocketSpeedIncreased"},"message":{"by":3000}}'
local head

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   for index = 0, ROCKETS - 1 do
      local id = string.format("%s-c9cf-404a-%04d-%012d", args[1], number, index)
      channels[index] = '{"metadata":{"channel":"' .. id .. '","messageNumber":'
   end
   head = "POST /messages HTTP/1.1\r\nHost: " .. wrk.host
      .. "\r\nContent-Type: application/json\r\nContent-Length: "
end

function request()
   local count = math.floor(sent / ROCKETS) + 1
   local body = channels[sent % ROCKETS] .. count .. "," .. (count == 1 and launched or sped_up)
   sent = sent + 1
   return head .. #body .. "\r\n\r\n" .. body
end

local here = debug.getinfo(1, "S").source:match("@(.*/)") or "./"
dofile(here .. "summary.lua")

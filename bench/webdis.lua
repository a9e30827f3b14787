-- For wrk: one XADD a request, as Webdis takes them, with the bytes of a message. -- SALT
-- SPDX-License-Identifier: Apache-2.0
local sent = 0
local head, template

function init(args)
   local message = '{"metadata":{"channel":"' .. args[1] .. '-c9cf-404a-0000-000000000000","messageNumber":%d,'
      .. '"messageTime":"2022-02-02T19:39:05.86337+01:00","messageType":"RocketSpeedIncreased"},'
      .. '"message":{"by":3000}}'
   -- Webdis cuts a command at each slash, and decodes the rest.
   template = "XADD/downlink/*/m/" .. message:gsub("[^%w%-_.%%]", function(byte)
      return string.format("%%%%%02X", byte:byte())
   end)
   head = "POST / HTTP/1.1\r\nHost: " .. wrk.host .. "\r\nContent-Length: "
end

function request()
   sent = sent + 1
   local body = template:format(sent)
   return head .. #body .. "\r\n\r\n" .. body
end

local here = debug.getinfo(1, "S").source:match("@(.*/)") or "./"
dofile(here .. "summary.lua")

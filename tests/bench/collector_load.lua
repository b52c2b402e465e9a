-- wrk's requests: each a batch of events of a session of its own, so that none is a duplicate.
-- Arguments: content type, file with the batch, in which every "SESSION" becomes the request's session.
local parts, thread_number, number = {}, 0, 0

function setup(thread)
   thread:set("id", thread_number)
   thread_number = thread_number + 1
end

function init(args)
   local file = assert(io.open(args[2], "rb"))
   local template = file:read("*a")
   file:close()
   local at = 1
   while true do
      local first, last = template:find("SESSION", at, true)
      if not first then break end
      parts[#parts + 1] = template:sub(at, first - 1)
      parts[#parts + 1] = ""
      at = last + 1
   end
   parts[#parts + 1] = template:sub(at)
   wrk.method = "POST"
   wrk.headers["Content-Type"] = args[1]
   start = os.time()
end

function request()
   number = number + 1
   local session = start .. "-" .. id .. "-" .. number
   for at = 2, #parts, 2 do parts[at] = session end
   return wrk.format(nil, "/events", nil, table.concat(parts))
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      "RESULT %d %d %d %d %d\n", summary.duration, summary.requests,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout,
      latency:percentile(50), latency:percentile(99)))
end

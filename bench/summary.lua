-- For wrk: what came of a run, as one line of JSON behind the word RESULT.
-- SPDX-License-Identifier: Apache-2.0
function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"rate":%.1f,"p50_ms":%.3f,"p99_ms":%.3f,"p999_ms":%.3f,"requests":%d,'
         .. '"refused":%d,"socket_errors":%d}\n',
      summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
      latency:percentile(99) / 1000, latency:percentile(99.9) / 1000, summary.requests,
      errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

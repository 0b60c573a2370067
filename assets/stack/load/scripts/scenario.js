// The guide's requests against the demo's frontend: 200 virtual users, 5 minutes. Runs on k6 0.49 to 2.x.
//
//   TARGET_URL   the frontend                    http://frontend.demo-app.svc.cluster.local:8080
//   VUS          virtual users                   200
//   HOLD         at full load                    4m (after a ramp up and before a ramp down of 30 s each)
//   P95_MS       limit for the 95th percentile of the latency, in milliseconds     none
import http from "k6/http";
import { check, sleep } from "k6";

const target = (__ENV.TARGET_URL || __ENV.TARGET || "http://frontend.demo-app.svc.cluster.local:8080").replace(/\/+$/, "");
const users = Number(__ENV.VUS || "200");

// A run that was mostly errors is no load test: k6 ends with code 99, and the Job fails. Latency is a limit only where one is set:
// 200 users wait long for a small cluster, and that is load, too.
const thresholds = { http_req_failed: ["rate<0.01"], checks: ["rate>0.99"] };
if (__ENV.P95_MS) thresholds.http_req_duration = [`p(95)<${__ENV.P95_MS}`];

export const options = {
  stages: [
    { duration: "30s", target: users },
    { duration: __ENV.HOLD || "4m", target: users },
    { duration: "30s", target: 0 },
  ],
  thresholds,
};

export default function () {
  // An item of its own for each user and turn: with a common one, users would delete each other's.
  const key = `k6-${__VU}-${__ITER}`;
  // The item's address is one name in the metrics, and not one a key.
  const headers = { "Content-Type": "application/json" };
  const json = { headers };
  const item = { headers, tags: { name: `${target}/api/items/{key}` } };

  const answers = [
    http.get(`${target}/`),
    http.get(`${target}/simulate`),
    http.post(`${target}/api/items`, JSON.stringify({ key, value: "v1" }), json),
    http.get(`${target}/api/items/${key}`, item),
    http.put(`${target}/api/items/${key}`, JSON.stringify({ value: "v2" }), item),
    http.del(`${target}/api/items/${key}`, null, item),
    http.get(`${target}/api/slow`),
  ];
  check(answers, { "all seven routes answer": (all) => all.every((answer) => answer.status >= 200 && answer.status < 300) });
  sleep(0.01);
}

// The guide's requests against the demo's frontend: 200 virtual users, 5 minutes. Runs on k6 0.49 to 2.x.
//
// The frontend serves `/` and `/simulate` and calls the backend; the item routes are the guide's own, and a frontend
// without them answers 404, which produces telemetry, too.
//
//   TARGET_URL   the frontend      http://frontend.demo-app.svc.cluster.local:8080
//   VUS          virtual users     200
//   HOLD         at full load      4m (after a ramp up and before a ramp down of 30 s each)
import http from "k6/http";
import { sleep } from "k6";

const target = (__ENV.TARGET_URL || __ENV.TARGET || "http://frontend.demo-app.svc.cluster.local:8080").replace(/\/+$/, "");
const users = Number(__ENV.VUS || "200");
const json = { headers: { "Content-Type": "application/json" } };

export const options = {
  stages: [
    { duration: "30s", target: users },
    { duration: __ENV.HOLD || "4m", target: users },
    { duration: "30s", target: 0 },
  ],
};

export default function () {
  http.get(`${target}/`);
  http.get(`${target}/simulate`);
  http.post(`${target}/api/items`, JSON.stringify({ key: "k6", value: "v1" }), json);
  http.get(`${target}/api/items/k6`);
  http.put(`${target}/api/items/k6`, JSON.stringify({ key: "k6", value: "v2" }), json);
  http.del(`${target}/api/items/k6`);
  http.get(`${target}/api/slow`);
  sleep(0.01);
}

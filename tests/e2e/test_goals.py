"""A goal that is behind: on /metrics, in the API, and told once by a real collector, also when it is started again."""

import datetime
import subprocess
import time
import unittest

from harness import WRITE_HEADERS, EndToEnd, eventually, get, get_json, post, remote_write


def day(offset):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=offset)).date().isoformat()


class Goals(EndToEnd):
    def standings(self):
        return {one["name"]: one["standing"] for one in get_json(self.base + "/api/v1/crms/acme/goals")["goals"]}

    def told(self):
        """By webhook-id, which is the same however often one is sent."""
        return {headers["webhook-id"]: body for headers, body in list(self.hook.requests) if body["type"] == "goal"}

    def test_a_goal_that_is_behind_is_shown_and_told_once(self):
        self.hook = self.sink()
        collector = self.collector(self.hook, more=f"""
goals:
  - {{crm: acme, metric: crm_csat_ratio, target: 90%, since: {day(-20)}, baseline: 60%, by: {day(10)}, owner: service}}
  - {{crm: acme, metric: crm_customers, target: 30, by: {day(10)}, owner: sales}}
""")
        now = int(time.time() * 1000)
        of = lambda name: {"__name__": name, "crm": "acme", "kind": "tryton", "agent": "a"}  # noqa: E731
        series = [(of("crm_up"), [(now, 1.0)]), (of("crm_csat_ratio"), [(now, 0.69)])]
        self.assertEqual(post(self.base + "/api/v1/write", remote_write(series), WRITE_HEADERS), 204)
        self.assertEqual(post(self.base + "/-/reload", b"", {}), 200)
        eventually(lambda: self.standings() == {"crm_csat_ratio": "behind", "crm_customers": "no_data"}, 30, "goals that were looked at again")
        # 0.09 of 0.30.
        self.assertAlmostEqual(self.metric("crm_goal_progress_ratio", crm="acme", goal="crm_csat_ratio"), 0.3)
        self.assertEqual(self.metric("crm_goal_on_track", crm="acme", goal="crm_csat_ratio"), 0)
        page = get(self.base + "/metrics")
        self.assertNotIn('goal="crm_customers"', page)
        check = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
        eventually(self.told, 30, "the message")
        message = next(iter(self.told().values()))
        self.assertEqual((message["crm"], message["goal"], message["reason"]), ("acme", "crm_csat_ratio", "behind"))
        self.assertIn("It is 69% now.", message["text"]["en"])
        self.assertIn("目前为 69%", message["text"]["zh"])
        collector.stop()
        self.start_collector()
        eventually(lambda: self.standings().get("crm_csat_ratio") == "behind", 30, "the goals after a start")
        made = get_json(self.base + "/api/v1/crms/acme/goals")["made_at"]
        self.assertEqual(post(self.base + "/-/reload", b"", {}), 200)
        # What the look after the start had to tell is in the outbox before the next look is made.
        eventually(lambda: get_json(self.base + "/api/v1/crms/acme/goals")["made_at"] != made, 30, "the goals after a reload")
        self.assertEqual(len(self.told()), 1)


if __name__ == "__main__":
    unittest.main()

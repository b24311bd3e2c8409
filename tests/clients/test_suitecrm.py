"""SuiteCRM's API of the sandbox, as PySuiteCRM speaks it: its token request is a form, its operators are upper case."""

import os
import tempfile
import unittest

from PySuiteCRM.SuiteCRM import SuiteCRM

from sandbox import CLIENT_ID, MARKER, SECRET, URL, fault

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # http, on loopback


class PySuiteCrm(unittest.TestCase):
    def setUp(self):
        # It keeps its token in a file of the working directory.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def connect(self, secret=SECRET):
        return SuiteCRM(client_id=CLIENT_ID, client_secret=secret, url=URL + "/Api/V8")

    def test_a_wrong_secret_is_refused(self):
        with self.assertRaises(SystemExit):
            self.connect("wrong")

    def test_lists_are_filtered_by_operators_of_upper_case(self):
        crm = self.connect()
        won = crm.Opportunities.get(fields=["name", "sales_stage"], sales_stage={"operator": "=", "value": "Closed Won"})
        self.assertTrue(won)
        self.assertEqual({one["attributes"]["sales_stage"] for one in won}, {"Closed Won"})
        self.assertIn("last_name", crm.Leads.fields())

    def test_a_lead_is_created_updated_and_deleted(self):
        crm = self.connect()
        made = crm.Leads.create(last_name="zz-probe", account_name=MARKER)["data"]
        self.assertEqual(made["attributes"]["account_name"], MARKER)
        changed = crm.Leads.update(made["id"], title="probe-2")["data"]
        self.assertEqual(changed["attributes"]["title"], "probe-2")
        crm.Leads.delete(made["id"])
        self.assertFalse(crm.Leads.get(title="probe-2"))

    def test_a_revoked_token_is_renewed(self):
        crm = self.connect()
        with fault("suitecrm", "token_revoked"):
            pass
        self.assertTrue(crm.Accounts.fields())

    def test_a_field_of_another_table_breaks_the_query(self):
        with self.assertRaisesRegex(Exception, "Database failure"):
            self.connect().Contacts.get(email1="x@y.example")


if __name__ == "__main__":
    unittest.main()

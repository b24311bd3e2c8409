"""Odoo's API of the sandbox, as OdooRPC (JSON-RPC) and ERPpeek (XML-RPC and JSON-RPC) speak it."""

import unittest
import xmlrpc.client

import erppeek
import odoorpc

from sandbox import API_KEY, HOST, MARKER, PORT, SECRET, URL, USER, fault


class OdooRpc(unittest.TestCase):
    def connect(self, password=SECRET):
        odoo = odoorpc.ODOO(HOST, protocol="jsonrpc", port=PORT)
        odoo.login("sandbox", USER, password)
        return odoo

    def test_it_logs_in_by_password_and_by_key_and_knows_the_user(self):
        for password in (SECRET, API_KEY):
            odoo = self.connect(password)
            self.assertEqual(odoo.version, "17.0")
            self.assertEqual(odoo.env.user.login, USER)
            self.assertEqual(odoo.env.context["lang"], "en_US")
            self.assertEqual(odoo.env.uid, odoo.env.user.id)

    def test_a_wrong_password_or_database_is_refused(self):
        with self.assertRaises(odoorpc.error.RPCError):
            self.connect("wrong")
        with self.assertRaises(odoorpc.error.RPCError):
            odoorpc.ODOO(HOST, protocol="jsonrpc", port=PORT).login("other", USER, SECRET)

    def test_it_lists_the_databases(self):
        self.assertEqual(odoorpc.ODOO(HOST, protocol="jsonrpc", port=PORT).db.list(), ["sandbox"])

    def test_models_are_searched_browsed_and_counted(self):
        odoo = self.connect()
        self.assertIn("crm.lead", odoo.env)
        self.assertNotIn("no.such.model", odoo.env)
        leads = odoo.env["crm.lead"]
        domain = [("type", "=", "opportunity")]
        ids = leads.search(domain, limit=3, order="write_date desc")
        self.assertEqual(len(ids), 3)
        for record in leads.browse(ids):
            self.assertEqual(record.type, "opportunity")
            self.assertTrue(record.name)
            self.assertEqual(record.user_id._name, "res.users")
        self.assertGreater(leads.search_count(domain), 3)
        self.assertEqual(leads.search_read(domain, ["name"], limit=1)[0].keys(), {"id", "name"})
        self.assertEqual([pair[0] for pair in leads.name_get(ids)], ids)
        self.assertTrue(leads.check_access_rights("read"))
        groups = leads.read_group(domain, ["expected_revenue:sum"], ["stage_id"])
        self.assertEqual(sum(group["stage_id_count"] for group in groups), leads.search_count(domain))

    def test_a_lead_is_created_written_and_unlinked(self):
        odoo = self.connect()
        leads = odoo.env["crm.lead"]
        number = leads.create({"name": MARKER, "type": "lead"})
        record = leads.browse(number)
        record.function = "probe-2"
        self.assertEqual(leads.read([number], ["function"])[0]["function"], "probe-2")
        leads.unlink([number])
        with self.assertRaises(odoorpc.error.RPCError):
            leads.read([number], ["name"])

    def test_what_odoo_does_not_know_is_refused(self):
        leads = self.connect().env["crm.lead"]
        for wrong in (lambda: leads.search([("colour", "=", 1)]), lambda: leads.search([], order="colour"),
                      lambda: leads.search([("name", "resembles", "x")]), lambda: leads.search([], limits=1),
                      lambda: leads.create({"name": "x", "colour": 1}), lambda: leads.explode()):
            with self.assertRaises(odoorpc.error.RPCError):
                wrong()

    def test_a_revoked_password_is_refused_until_the_fault_is_over(self):
        odoo = self.connect()
        with fault("odoo", "token_revoked"), self.assertRaises(odoorpc.error.RPCError):
            odoo.env["crm.lead"].search_count([])
        self.assertGreater(odoo.env["crm.lead"].search_count([]), 0)


class ErpPeek(unittest.TestCase):
    def each(self):
        for address in (URL, URL + "/xmlrpc/2", URL + "/jsonrpc"):
            with self.subTest(address=address):
                yield erppeek.Client(address, "sandbox", USER, SECRET)

    def test_it_logs_in_and_reads_by_either_protocol(self):
        for client in self.each():
            self.assertEqual(client.major_version, "17.0")
            self.assertIn("CrmLead", client.models("crm"))
            leads = client.model("crm.lead")
            self.assertTrue(leads.access("write"))
            self.assertEqual(leads.field("user_id")["relation"], "res.users")
            self.assertGreater(leads.count(["type = lead"]), 0)
            rows = leads.read(["type = opportunity"], ["name", "stage_id"], limit=2)
            self.assertEqual(len(rows), 2)
            self.assertTrue(all(len(row["stage_id"]) == 2 for row in rows))
            # Attributes of its records ask for fields_get_keys, which Odoo no longer has since 17.
            record = leads.browse(["type = opportunity"], limit=1)[0]
            self.assertTrue(record.read("name"))

    def test_a_lead_is_created_written_and_unlinked(self):
        for client in self.each():
            lead = client.model("crm.lead").create({"name": MARKER, "type": "lead"})
            lead.write({"function": "probe-2"})
            self.assertEqual(client.read("crm.lead", lead.id, "function"), "probe-2")
            self.assertTrue(lead.unlink())

    def test_wrong_logins_and_fields_are_refused(self):
        for address in (URL, URL + "/jsonrpc"):
            with self.assertRaises(erppeek.Error):
                erppeek.Client(address, "sandbox", USER, "wrong")
        for client in self.each():
            with self.assertRaises((xmlrpc.client.Fault, erppeek.ServerError)):
                client.search("crm.lead", ["colour = 1"])


if __name__ == "__main__":
    unittest.main()

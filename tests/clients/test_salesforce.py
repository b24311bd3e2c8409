"""Salesforce's API of the sandbox, as simple-salesforce speaks it: it knows https hosts of Salesforce alone, so its session
brings every call to the sandbox instead."""

import pathlib
import unittest

import requests
import simple_salesforce
from simple_salesforce import Salesforce, SalesforceMalformedRequest, SalesforceResourceNotFound
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sandbox import CLIENT_ID, JWT_KEY, MARKER, SECRET, URL, USER, fault


class ToSandbox(requests.adapters.HTTPAdapter):
    def send(self, request, **options):
        parts = requests.compat.urlsplit(request.url)
        request.url = URL + parts.path + ("?" + parts.query if parts.query else "")
        return super().send(request, **options)


def session():
    made = requests.Session()
    made.mount("https://", ToSandbox())
    return made


class SimpleSalesforce(unittest.TestCase):
    def connect(self, **login):
        login = login or {"consumer_key": CLIENT_ID, "consumer_secret": SECRET, "domain": "acme.my"}
        return Salesforce(session=session(), version="62.0", **login)

    def test_a_jwt_whose_expiry_is_a_text_gives_a_token(self):
        salesforce = self.connect(username=USER, consumer_key=CLIENT_ID, privatekey=pathlib.Path(JWT_KEY).read_text())
        self.assertGreater(salesforce.query("SELECT COUNT() FROM Account")["totalSize"], 0)

    def test_wrong_credentials_are_refused(self):
        with self.assertRaises(SalesforceAuthenticationFailed):
            self.connect(consumer_key=CLIENT_ID, consumer_secret="wrong", domain="acme.my")
        with self.assertRaises(SalesforceAuthenticationFailed):
            self.connect(username="nobody@example.com", consumer_key=CLIENT_ID, privatekey=pathlib.Path(JWT_KEY).read_text())

    def test_queries_page_to_the_end(self):
        salesforce = self.connect()
        total = salesforce.query("SELECT COUNT() FROM Contact")["totalSize"]
        self.assertEqual(len(list(salesforce.query_all_iter("SELECT Id FROM Contact"))), total)
        groups = salesforce.query("SELECT StageName, COUNT(Id) n, SUM(Amount) amount FROM Opportunity GROUP BY StageName")
        self.assertTrue(all(group["n"] > 0 for group in groups["records"]))

    def test_a_lead_is_created_read_updated_and_deleted(self):
        salesforce = self.connect()
        made = salesforce.Lead.create({"LastName": "zz-probe", "Company": MARKER})
        self.assertTrue(made["success"])
        self.assertEqual(salesforce.Lead.get(made["id"])["Company"], MARKER)
        self.assertEqual(salesforce.Lead.update(made["id"], {"Title": "probe-2"}), 204)
        self.assertEqual(salesforce.Lead.delete(made["id"]), 204)
        with self.assertRaises(SalesforceResourceNotFound):
            salesforce.Lead.get(made["id"])

    def test_describe_limits_and_search_answer(self):
        salesforce = self.connect()
        fields = {field["name"]: field for field in salesforce.Lead.describe()["fields"]}
        self.assertEqual([one["value"] for one in fields["Status"]["picklistValues"]][0], "Open - Not Contacted")
        self.assertFalse(fields["Description"]["filterable"])
        self.assertGreater(salesforce.limits()["DailyApiRequests"]["Max"], 0)
        self.assertTrue(salesforce.quick_search("an")["searchRecords"])

    def test_what_salesforce_does_not_filter_group_or_offer_is_refused(self):
        salesforce = self.connect()
        for soql in ("SELECT Id FROM Lead WHERE Description = 'x'", "SELECT COUNT(IsClosed) FROM Opportunity",
                     "SELECT Amount, COUNT(Id) FROM Opportunity GROUP BY Amount", "SELECT Colour FROM Lead"):
            with self.subTest(soql=soql), self.assertRaises(SalesforceMalformedRequest):
                salesforce.query(soql)
        with self.assertRaises(SalesforceMalformedRequest):
            salesforce.Lead.create({"LastName": "zz-probe", "Company": MARKER, "Status": "No such status"})

    def test_a_revoked_session_is_renewed_once(self):
        salesforce = self.connect()
        with fault("salesforce", "token_revoked"):
            pass
        with self.assertRaises(simple_salesforce.exceptions.SalesforceExpiredSession):
            Salesforce(instance_url="https://acme.my.salesforce.com", session_id=salesforce.session_id, session=session()).limits()


if __name__ == "__main__":
    unittest.main()

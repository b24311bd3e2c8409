"""EspoCRM's API of the sandbox, as espocrm-client speaks it."""

import unittest

from espocrm import ClientConfig, EspoCRMClient
from espocrm.auth.api_key import ApiKeyAuthentication
from espocrm.exceptions import EspoCRMError
from espocrm.models.search import SearchParams

from sandbox import API_KEY, MARKER, URL, fault


def connect(key=API_KEY):
    return EspoCRMClient(URL, ApiKeyAuthentication(key), ClientConfig(base_url=URL, api_key=key, max_retries=0))


class EspoCrmClient(unittest.TestCase):
    def test_a_wrong_key_is_refused_and_a_revoked_one_while_the_fault_lasts(self):
        with self.assertRaises(EspoCRMError):
            connect("wrong-key-of-nobody").crud.list("Lead", max_size=1)
        client = connect()
        with fault("espocrm", "token_revoked"), self.assertRaises(EspoCRMError):
            client.crud.list("Lead", max_size=1)
        self.assertGreater(client.crud.list("Lead", max_size=1).total, 0)

    def test_lists_are_filtered_sorted_and_cut(self):
        client = connect()
        every = client.crud.list("Lead", max_size=1).total
        # What the client's own add_equals() makes of a filter is not a nested parameter; EspoCRM refuses it, and so does this.
        search = SearchParams()
        search.add_equals("status", "New")
        with self.assertRaises(EspoCRMError):
            client.crud.list("Lead", search_params=search)
        answer = client.get("Lead", params={"where[0][type]": "equals", "where[0][attribute]": "status", "where[0][value]": "New", "orderBy": "createdAt",
                                            "order": "desc", "offset": 0, "maxSize": 5})
        self.assertLess(0, answer["total"])
        self.assertLess(answer["total"], every)
        self.assertLessEqual(len(answer["data"]), 5)
        self.assertEqual({lead["status"] for lead in answer["data"]}, {"New"})

    def test_a_lead_is_created_read_updated_and_deleted(self):
        client = connect()
        made = client.crud.create("Lead", {"lastName": "zz-probe-client", "accountName": MARKER})
        number = made.get_id()
        self.assertTrue(number)
        client.crud.update("Lead", number, {"title": "probe-2"})
        self.assertEqual(client.get(f"Lead/{number}")["data"]["title"], "probe-2")
        client.crud.delete("Lead", number)
        with self.assertRaises(EspoCRMError):
            client.crud.read("Lead", number)

    def test_what_espocrm_does_not_know_is_refused(self):
        client = connect()
        for wrong in (lambda: client.crud.list("Lead", order_by="colour"), lambda: client.crud.list("Leads"),
                      lambda: client.crud.create("Lead", {"lastName": "zz", "status": "No such status"})):
            with self.assertRaises(EspoCRMError):
                wrong()


if __name__ == "__main__":
    unittest.main()

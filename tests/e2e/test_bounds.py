"""What the agent's machine does not have is not used: file descriptors."""

import asyncio
import resource
import threading
import unittest

from harness import BIN, EndToEnd, eventually, free_port

HOSTS = 1500
DESCRIPTORS = 1024


class Sites(threading.Thread):
    """One server for all names below localhost: 200 to every request, connections kept. `first` is awaited before the first answer
    of each host."""

    def __init__(self, first=None):
        super().__init__(daemon=True)
        self.first = first
        self.seen = {}  # host: requests
        self.open = self.most_open = 0
        self.port = free_port()
        self.ready = threading.Event()
        self.start()
        self.ready.wait(60)

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        server = await asyncio.start_server(self.talk, "127.0.0.1", self.port, backlog=1024)
        self.ready.set()
        async with server:
            await server.serve_forever()

    async def talk(self, reader, writer):
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                host = next(line.split(":", 1)[1].strip() for line in head.splitlines() if line.lower().startswith("host:"))
                self.seen[host] = self.seen.get(host, 0) + 1
                if self.first and self.seen[host] == 1:
                    await self.first()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


class Bounds(EndToEnd):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def watch(self, sites):
        crms = "".join(f"  - {{name: c{i}, recipe: http, with: {{url: \"http://c{i}.localhost:{sites.port}/\"}}}}\n" for i in range(HOSTS))
        config = self.write("agent.yaml", f"agent: {{name: e2e, state_dir: {self.folder}/agent}}\nship: {{url: \"http://127.0.0.1:{free_port()}/api/v1/write\"}}\n"
                                          f"defaults: {{interval: 10s, timeout: 10s}}\ncrms:\n{crms}")
        agent = self.process("agent", ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", BIN / "crmpulse-agent", "run", "--config", config])

        def asked():
            self.assertTrue(agent.alive(), agent.tail())
            return len(sites.seen) == HOSTS and min(sites.seen.values()) >= 2

        eventually(asked, 240, "every host is asked twice")
        log = agent.log.read_text(errors="replace")
        self.assertEqual(log.count("too few file descriptors"), 1, log[:2000])
        self.assertNotIn("Too many open files", log)
        self.assertEqual(agent.stop(), 0)

    def test_more_hosts_than_file_descriptors_are_all_measured_and_it_is_said_once(self):
        sites = Sites()
        self.watch(sites)
        self.assertLess(sites.most_open, DESCRIPTORS - 192)

    def test_more_hosts_than_file_descriptors_that_all_hang_at_first_are_measured_afterwards(self):
        async def hangs():
            await asyncio.sleep(11)  # longer than the agent waits

        self.watch(Sites(hangs))


if __name__ == "__main__":
    unittest.main()

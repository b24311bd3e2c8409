"""A network that misbehaves, for machines where namespaces are not allowed: a TCP proxy of our own.

`be(mode)` ends the connections there are; each new one is treated as the mode says when it begins:

  pass            as if the proxy were not there
  refuse          closed at once
  cut request     closed after some bytes of the request; the collector sees a part
  cut answer      the collector gets all, the client nothing of the answer
  hole            the client's bytes are read and never passed on; closed after `hold` seconds
  slow            every piece is late by a random time
  late            the client is given up after `hold` seconds, and what it said is delivered some time afterwards
"""

import random
import select
import socket
import threading

MODES = ("pass", "refuse", "cut request", "cut answer", "hole", "slow", "late")


class Proxy:
    def __init__(self, to_port, seed, hold=1.0):
        self.to_port, self.chance, self.hold = to_port, random.Random(seed), hold
        self.mode, self.epoch = "pass", 0
        self.served = {mode: 0 for mode in MODES}
        self.holding = set()  # connections whose client is given up and whose request is not delivered yet
        self.ending = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.ending.set()
        self.listener.close()

    def be(self, mode):
        self.mode = mode
        self.epoch += 1

    def accept(self):
        while not self.ending.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.served[self.mode] += 1
            threading.Thread(target=self.serve, args=(client, self.mode, random.Random(self.chance.random())), daemon=True).start()

    def serve(self, client, mode, chance):
        with client:
            try:
                if mode == "refuse":
                    return
                if mode == "hole":
                    self.swallow(client)
                elif mode == "late":
                    self.holding.add(client)
                    try:
                        self.deliver_late(client, chance)
                    finally:
                        self.holding.discard(client)
                else:
                    self.pass_on(client, mode, chance)
            except OSError:
                pass

    def swallow(self, client):
        client.settimeout(self.hold)
        while client.recv(65536):
            pass

    def deliver_late(self, client, chance):
        """Nobody waits for the answer any more when the collector gets the request."""
        kept = b""
        client.settimeout(self.hold)
        try:
            while piece := client.recv(65536):
                kept += piece
        except OSError:
            pass
        client.close()
        self.ending.wait(chance.random() * self.hold)
        with socket.create_connection(("127.0.0.1", self.to_port), timeout=10) as server:
            server.sendall(kept)
            server.recv(65536)

    def pass_on(self, client, mode, chance):
        left = chance.randint(1, 2000) if mode == "cut request" else None
        epoch = self.epoch
        with socket.create_connection(("127.0.0.1", self.to_port), timeout=10) as server:
            while not self.ending.is_set() and self.epoch == epoch:
                for source in select.select([client, server], [], [], 0.05)[0]:
                    piece = source.recv(65536)
                    if mode == "slow":
                        self.ending.wait(chance.random() * 0.1)
                    if not piece or (mode == "cut answer" and source is server):
                        return
                    if source is client and left is not None:
                        piece = piece[:left]
                        left -= len(piece)
                    (server if source is client else client).sendall(piece)
                    if left == 0:
                        return

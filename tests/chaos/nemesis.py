"""Make faults at random: kill, stop and restart processes; cut, stall and refuse connections."""
import random
import signal
import time

SILENCE_SECONDS = 2  # after this time an owner counts as gone

#  The faults, with their relative frequency.
MIXED = {"kill_gateway": 6, "kill_processor": 6, "kill_both": 3, "pause_gateway": 2,
         "pause_processor": 2, "restart_gateway": 2, "restart_processor": 2, "cut": 3, "stall": 2,
         "refuse": 1}
#  The same where there is no proxy, and killing more than one at a time.
PROCESSES = {"kill_gateway": 6, "kill_processor": 8, "kill_both": 3, "kill_two_processors": 2,
             "pause_gateway": 1, "pause_processor": 2, "restart_gateway": 2, "restart_processor": 4}
#  For as many kills as possible in a time.
KILLS = {"kill_gateway": 20, "kill_processor": 20, "kill_both": 10, "pause_gateway": 0.5,
         "pause_processor": 0.5, "restart_gateway": 1, "restart_processor": 1, "cut": 4,
         "stall": 0.5, "refuse": 0.5}


class Nemesis:
    def __init__(self, cluster, seed, chances, pause=0.3):
        self.cluster, self.chances, self.pause = cluster, chances, pause
        self.rng = random.Random(seed)
        self.counts = {}

    def count(self, *names):
        for name in names:
            self.counts[name] = self.counts.get(name, 0) + 1

    def kills(self):
        return self.counts.get("gateway kills", 0) + self.counts.get("processor kills", 0)

    def run(self, seconds, kills=None):
        """Make faults for so long, or until so many kills."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and (kills is None or self.kills() < kills):
            name, = self.rng.choices(list(self.chances), self.chances.values())
            getattr(self, name)()
            time.sleep(self.rng.uniform(0, 2 * self.pause))
            self.cluster.check()

    def kill_gateway(self):
        self.rng.choice(self.cluster.gateways).kill()
        self.count("gateway kills")

    def kill_processor(self):
        self.rng.choice(self.cluster.processors).kill()
        self.count("processor kills")

    def kill_two_processors(self):
        self._kill_at_once(self.rng.sample(self.cluster.processors, 2))
        self.count("processor kills", "processor kills")

    def kill_both(self):
        members = [self.rng.choice(self.cluster.gateways), self.rng.choice(self.cluster.processors)]
        self.rng.shuffle(members)
        self._kill_at_once(members)
        self.count("gateway kills", "processor kills")

    def _kill_at_once(self, members):
        for member in members:
            member.check()
            member.process.kill()
        for member in members:
            member.process.wait()
        for member in members:
            member.start()

    def _pause(self, member):
        longest = 3 if self.rng.random() < 0.3 else 1
        member.program.send(signal.SIGSTOP)
        time.sleep(self.rng.uniform(0.1, longest))
        member.program.send(signal.SIGCONT)

    def pause_gateway(self):
        self._pause(self.rng.choice(self.cluster.gateways))
        self.count("pauses")

    def pause_processor(self):
        self._pause(self.rng.choice(self.cluster.processors))
        self.count("pauses")

    def restart_gateway(self):
        self.rng.choice(self.cluster.gateways).restart()
        self.count("gateway stops")

    def restart_processor(self):
        self.rng.choice(self.cluster.processors).restart()
        self.count("processor stops")

    def cut(self):
        self.cluster.command_proxy("cut")
        self.count("cuts")

    def stall(self):
        longest = 1.5 * SILENCE_SECONDS if self.rng.random() < 0.2 else 0.5
        self.cluster.command_proxy(f"stall {self.rng.uniform(0.1, longest)}")
        self.count("stalls")

    def refuse(self):
        self.cluster.command_proxy("cut")
        self.cluster.command_proxy(f"refuse {self.rng.uniform(0.1, 1)}")
        self.count("cuts", "refusals")

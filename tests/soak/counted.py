"""tests/soak: a server that knows what it was asked beside the run itself."""
import collections

from harness import Server, get


class Counted(Server):
    """Knows what it was asked, so that the access log can be held against it."""

    def __init__(self, *args, **more):
        self.asked = collections.Counter()  # (method, target, status)
        super().__init__(*args, **more)

    def get(self, path, admin=False):
        answer = get(self.admin if admin else self.public, path)
        self.asked["GET", path, answer.status] += 1
        return answer

    def answers(self, port, path):
        self.asked["GET", path, 200] += 1
        return super().answers(port, path)

    def roll_now(self, limit=10000):
        return self.get(f"/debug/tasks?format=json&limit={limit}", admin=True).json()

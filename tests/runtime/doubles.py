"""Stand-ins that several tests share."""

from model_runtime.events import Events


class RecordedEvents(Events):
    """Remembers what a run says: ``said`` holds (event, facts...) in their order."""

    def __init__(self):
        self.said = []

    @property
    def warnings(self):
        """The messages of all warnings."""
        return [event[1] for event in self.said if event[0] == "warning"]

    @property
    def counts(self):
        """(done, total) of each progress."""
        return [event[1:3] for event in self.said if event[0] == "progress"]

    def started(self, **facts):
        self.said.append(("started", facts))

    def progress(self, done, total, doing=""):
        self.said.append(("progress", done, total, doing))

    def warning(self, message):
        self.said.append(("warning", message))

    def done(self, output, seconds, **facts):
        self.said.append(("done", output, facts))

"""What the runtime says of itself, as text: versions, device, memory, and what is wrong."""

from qgis.core import QgsProcessingException, QgsProcessingFeedback

from . import locate
from .job import Job, run_json
from .log_lines import of_doctor

# doctor's answer is whole with these exit codes: all is well, the model, the device.
ANSWERED = (0, 3, 4)


def check_runtime() -> str:
    """The lines of ``doctor``, or why there is no runtime; takes seconds, in any thread."""
    try:
        python = locate.find(locate.current_places())
        facts = run_json(Job(python, ("doctor", "--json")), QgsProcessingFeedback(False), ANSWERED)
    except (locate.RuntimeNotFound, QgsProcessingException) as error:
        return str(error)
    problems = [f"{one['message']}: {one['remedy']}" for one in facts.pop("problems", [])]
    return "\n".join([*problems, *of_doctor(facts)])

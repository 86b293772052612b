"""Several processes train as one: torchrun's ranks, each with its share of every batch.

A sample's draws do not depend on who has it: each rank makes those of the whole batch, in the
order in which one process would, and takes its own. Then N ranks do what one does, up to rounding.
"""

import os
import signal
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Callable, ContextManager, List, Optional, Sequence, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from model_runtime.errors import DeviceError, InputError, ScdmError, one_line

Result = TypeVar("Result")
# The others wait while rank 0 validates and saves; a rank that dies is noticed without it.
PATIENCE = timedelta(hours=6)


class LostRank(DeviceError):
    """Another process of the run has ended, so this one cannot go on."""


@dataclass(frozen=True)
class Ranks:
    """This process's place among ``count``; rank 0 keeps checkpoints and curves, and speaks."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the rank that writes."""
        return self.rank == 0

    def check_batch(self, batch: int) -> None:
        """Raise InputError for a batch that the ranks cannot share evenly."""
        if batch % self.count:
            raise InputError(
                f"training.batch is {batch}, which {self.count} processes cannot share evenly",
                f"give a multiple of {self.count}, or another --nproc-per-node",
            )

    def mine(self, whole: Tensor) -> Tensor:
        """This rank's samples of a whole batch (N, ...): every count-th from its own number."""
        return whole if self.count == 1 else whole[self.rank :: self.count]

    def whole_like(self, mine: Tensor) -> Tensor:
        """Room for the whole batch that ``mine`` (n, ...) is a share of, laid out as it is."""
        if self.count == 1:
            return torch.empty_like(mine)
        shape = (len(mine) * self.count, *mine.shape[1:])
        strides = (mine[0].numel(), *mine.stride()[1:])
        return torch.empty_strided(shape, strides, dtype=mine.dtype, device=mine.device)

    def dropout(self) -> ContextManager:
        """Where networks run: their dropout masks are those of the whole batch."""
        return nullcontext() if self.count == 1 else _WholeBatchDropout(self)

    def sum(self, *numbers: Tensor) -> List[float]:
        """Sums over the ranks of tensors of one number each; raises LostRank."""
        total = torch.stack([number.detach().double() for number in numbers])
        self.add_up([total])
        return total.tolist()

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Put the ranks' sums in ``tensors``, in place; raises LostRank."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        _exchange(lambda: dist.all_reduce(flat))
        for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors])):
            tensor.copy_(part.view_as(tensor))

    def agree(self, work: Callable[[], Result]) -> Result:
        """``work()`` of this rank; where it fails on one, all raise that ScdmError."""
        if self.count == 1:
            return work()
        result, failure = None, None
        try:
            result = work()
        except ScdmError as error:
            failure = error
        failures: List[Optional[ScdmError]] = [None] * self.count
        heard = ignore_sigterm()  # of a rank that failed as this one does, and was quicker to end
        _exchange(lambda: dist.all_gather_object(failures, failure))
        for failure in filter(None, failures):
            raise failure
        signal.signal(signal.SIGTERM, heard)
        return result

    def wait(self) -> None:
        """Until all ranks are here; raises LostRank."""
        if self.count > 1:
            _exchange(dist.barrier)


class _WholeBatchDropout(TorchFunctionMode):
    """Dropout by this rank's part of the mask that one process would draw."""

    def __init__(self, ranks: Ranks):
        super().__init__()
        self.ranks = ranks

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is not F.dropout:
            return function(*args, **(kwargs or {}))
        return self._dropped(*args, **(kwargs or {}))

    def _dropped(self, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False):
        if not training or not p:
            return input
        mask = F.dropout(self.ranks.whole_like(input).fill_(1), p, training)
        return input * self.ranks.mine(mask)


def rank_of_launch() -> int:
    """This process's rank if torchrun started it, else 0."""
    return int(os.environ["RANK"]) if _is_launched() else 0


def join(device: str) -> Ranks:
    """Meet the processes that torchrun started with this one; alone without it.

    ``device`` cuda gives every rank of a machine a GPU of its own. Raises DeviceError.
    """
    if not _is_launched():
        return Ranks()
    signal.signal(signal.SIGTERM, _end_quietly)  # torchrun ends the others of a rank that died
    with_gpu = device == "cuda" and torch.cuda.is_available()
    backend = "cpu:gloo,cuda:nccl" if with_gpu else "gloo"
    _exchange(lambda: dist.init_process_group(backend, timeout=PATIENCE))
    ranks = Ranks(dist.get_rank(), dist.get_world_size())
    if device == "cuda":
        ranks.agree(_take_gpu)
    return ranks


def leave(ranks: Ranks) -> None:
    """Shut the process group down, once all ranks are at the end of the run."""
    if dist.is_available() and dist.is_initialized():
        ranks.wait()
        dist.destroy_process_group()


def ignore_sigterm() -> Any:
    """Where this process ends already: another end would break into it. The handler until now."""
    return signal.signal(signal.SIGTERM, signal.SIG_IGN) if _is_launched() else None


def end(exit_code: int) -> int:
    """End a rank that cannot part in order; returns ``exit_code`` where torchrun started none.

    At once: the threads of a process group that lost a member abort a process that takes its time
    ("terminate called ...").
    """
    if _is_launched():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)
    return exit_code


def _is_launched() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ


def _take_gpu() -> None:
    local, found = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if not torch.cuda.is_available():
        raise DeviceError("torch finds no CUDA device", "choose --device cpu")
    if local >= found:
        raise DeviceError(
            f"process {local + 1} of this machine finds {found} CUDA devices",
            f"start at most {found} (--nproc-per-node), or choose --device cpu",
        )
    torch.cuda.set_device(local)


def _exchange(exchange: Callable[[], Any]) -> None:
    try:
        exchange()
    except RuntimeError as error:  # dist.DistBackendError is one too
        raise _lost_rank(f"does not answer ({one_line(error)})") from error


def _end_quietly(signum: int, frame: Any) -> None:
    raise _lost_rank("has ended, or the run was told to (SIGTERM)")


def _lost_rank(what: str) -> LostRank:
    ignore_sigterm()
    return LostRank(
        f"process {rank_of_launch()} stops: another of this run {what}",
        "mend what ended it; --resume goes on from the last checkpoint, on any number of processes",
    )

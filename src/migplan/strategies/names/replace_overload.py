"""A function gets another argument list, and some call fits both: ``f(int)`` becomes ``f(int, int DEFAULT 0)``.

Beside each other they would make that call ambiguous (manual: Function Overloading), so the new one takes the place
of the old one in one transaction. An application that made only calls which the new one accepts notices nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.steps import Down, Phase, Step, step_id
from migplan.kinds.function import Routine, same_result
from migplan.kinds.names import names_of
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.chosen_phase import contract_of


class ReplaceOverload(Strategy):
    """Drop and creation of functions of one name that share a call, in one transaction."""

    name = "replace_overload"

    def expand(self, context: Context) -> Iterable[Expansion]:
        dropped, created = context.dropped(Routine), context.created(Routine)
        groups: dict[tuple[str, ...], tuple[set[Routine], set[Routine]]] = {}
        for old in dropped:
            for new in created:
                if old.id.path[:2] == new.id.path[:2] and set(old.calls) & set(new.calls):
                    olds, news = groups.setdefault(old.id.path[:2], (set(), set()))
                    olds.add(old)
                    news.add(new)
        return [_expansion(context, _sorted(olds), _sorted(news)) for _, (olds, news) in sorted(groups.items())]


def _sorted(routines: set[Routine]) -> list[Routine]:
    return sorted(routines, key=lambda r: r.id)


def _expansion(context: Context, olds: list[Routine], news: list[Routine]) -> Expansion:
    together = f"replace {news[0].id}"
    sentence = None if all(_served(old, news) for old in olds) else _sentence(olds, news)
    sentence = contract_of(context, news[0].id, sentence)
    steps = [
        *(_drop(context, old, together, sentence) for old in olds),
        *(_create(context, new, together, sentence) for new in news),
    ]
    return Expansion(tuple(steps), frozenset(s.object for s in steps))


def _served(old: Routine, news: list[Routine]) -> bool:
    """Whether some new function takes every call of the old one, by position and by name, to the same result."""
    return any(
        set(old.calls) <= set(new.calls)
        and same_result(old, new)
        and all(a in ("", b) for a, b in zip(old.input_names, new.input_names, strict=False))
        for new in news
    )


def _sentence(olds: list[Routine], news: list[Routine]) -> str:
    return f"calls {_listed(n.id for n in news)} as well as {_listed(o.id for o in olds)}"


def _listed(ids: Iterable[ObjectId]) -> str:
    return ", ".join(map(str, ids))


def _drop(context: Context, old: Routine, together: str, sentence: str | None) -> Step:
    (part,) = context.pieces_before.of(old.id)
    return Step(
        id=step_id("drop", old.id),
        title=f"drop {old.id}, which is replaced",
        object=old.id,
        strategy=ReplaceOverload.name,
        phase=_phase(sentence),
        why=_why(sentence),
        up=part.drop,
        down=Down(part.create),
        destroys=part.provides,
        releases=part.uses,
        frees=names_of(old),
        together=together,
        deploy=sentence,
    )


def _create(context: Context, new: Routine, together: str, sentence: str | None) -> Step:
    (part,) = context.pieces_after.of(new.id)
    return Step(
        id=step_id("create", new.id),
        title=f"create {new.id} in its place",
        object=new.id,
        strategy=ReplaceOverload.name,
        phase=_phase(sentence),
        why=_why(sentence),
        up=part.create,
        down=Down(part.drop),
        creates=part.provides,
        uses=part.uses,
        takes=names_of(new),
        together=together,
        deploy=sentence,
    )


def _phase(sentence: str | None) -> Phase:
    return Phase.EXPAND if sentence is None else Phase.CONTRACT


def _why(sentence: str | None) -> str:
    if sentence is None:
        return "the new one answers every call of the old one, and both at once would make them ambiguous"
    return "both at once would make calls ambiguous"


STRATEGY = ReplaceOverload()

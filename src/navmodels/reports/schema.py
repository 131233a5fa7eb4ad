"""What a report's folder may hold: its tables, their columns, and what each cell may be.

One place for the shape of a folder; reading and refusing stand in `typed_tables`. Nothing is read here.
"""

from dataclasses import dataclass

ALL = "all"  # group_dim and group of everybody
OTHERS = "others"  # in a claim: the whole less the group spoken of, or every rival
EACH = "each"  # in a claim: every group by itself, which has no one number
FIELDS = ("lower", "upper", "se", "n", "count")  # of a printed number, besides its value: written ID.lower in a formula
UNKNOWN = "x_"  # names in a system's formulas that begin so are quantities that nobody printed

STATISTICS = ("share", "mean", "change", "count", "rate", "amount", "index")
BOUNDS = ("eq", "gt", "lt")
PRECISIONS = ("exact", "about", "inferred")
YES, NO = "yes", "no"
COMPARISONS = ("=", "<=", ">=")
CLAIMS = ("change", "difference", "answer", "survey", "level", "order", "association")
# what a claim says of A − B, in every word that a report uses for it
SIGNS = {
    **dict.fromkeys(("higher", "above", "up", "highest", "positive", "stronger"), 1),
    **dict.fromkeys(("lower", "below", "down", "lowest", "negative", "weaker"), -1),
    **dict.fromkeys(("same", "equal", "unchanged", "none"), 0),
}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    kind
        "text"; "name" (letters, digits and _, not beginning with a digit); "number"; "whole" (from 0); "printed" (a
        number whose decimals, as typed, are those in print); "time"; "choice" (one of `allowed`); "formula"; "names".
    allowed
        For a choice.
    required
        Whether each row needs it.
    default
        What an empty cell stands for.
    about
        What it is, for `navmodels report new`.
    """

    kind: str = "text"
    allowed: tuple[str, ...] = ()
    required: bool = False
    default: str = ""
    about: str = ""


def _choice(*allowed: str, default: str = "", required: bool = False, about: str = "") -> Column:
    return Column("choice", allowed, required, default, about)


def _yes(about: str) -> Column:
    return _choice(YES, NO, about=about)


SURVEY = Column(about="as in [surveys.X]; may be left out when there is one survey")
DIM = Column(default=ALL, about="how respondents are divided; empty is all")
GROUP = Column(default=ALL, about="the group; empty is all")
TIME = Column("time", about="year or period; empty is the year of the survey")
REFERENCE = Column(about="where it is printed")
NOTE = Column(about="remarks, for readers only")
LABEL, LABEL_NB = Column(about="in words, English"), Column(about="in words, bokmål")

TABLES: dict[str, dict[str, Column]] = {
    "numbers": {
        "id": Column("name", about="only if another table refers to it"),
        "survey": SURVEY,
        "item": Column(required=True, about="short name of what was asked"),
        "answer": Column(about="the answer; empty for a mean"),
        "group_dim": DIM,
        "group": GROUP,
        "group_from": Column(about="of a printed difference (a change): the group it is counted from"),
        "time": TIME,
        "time_from": Column("time", about="of a printed change: the year it starts from"),
        "statistic": _choice(*STATISTICS, default="share", about="share is percent, change is points"),
        "value": Column("printed", required=True, about="as printed, with the decimals printed"),
        "lower": Column("printed", about="lower end of the printed 95 % interval"),
        "upper": Column("printed", about="upper end"),
        "se": Column("printed", about="printed standard error (points for a share)"),
        "n": Column("whole", about="answers it is a share or mean of, if printed for this number"),
        "count": Column("whole", about="how many gave the answer, if printed"),
        "bound": _choice(*BOUNDS, default="eq", about="gt: printed as over, lt: as under"),
        "precision": _choice(
            *PRECISIONS, default="exact", about="about: in words, or hedged; inferred: no value is printed"
        ),
        "unit": Column(about="of amounts, counts, rates and indexes: seconds, million contacts, ..."),
        "reference": REFERENCE,
        "note": NOTE,
    },
    "groups": {
        "survey": SURVEY,
        "group_dim": Column(required=True, about="how respondents are divided"),
        "group": Column(required=True, about="the group"),
        "label": LABEL,
        "label_nb": LABEL_NB,
        "n": Column("whole", about="respondents in it, unweighted"),
        "share": Column("printed", about="printed percent of the whole"),
        "population": Column("whole", about="how many there are in the population"),
        "part": _yes("yes: the groups of this dim divide the whole"),
        "of": Column(about="the base if not the survey: a number, or group_dim/group"),
        "reference": REFERENCE,
        "note": NOTE,
    },
    "items": {
        "survey": SURVEY,
        "item": Column(required=True, about="as in numbers"),
        "label": LABEL,
        "label_nb": LABEL_NB,
        "battery": Column(about="items asked together, that borrow from each other"),
        "kind": _choice(
            "scale", "tick", "single", about="scale: rated; tick: yes or not; single: one of several answers"
        ),
        "answers": _choice(
            "one", "several", about="how many answers a respondent gives; empty: several of ticks, else one"
        ),
        "complete": _yes("yes: every answer is printed, so that single answers add to 100"),
        "asked_of": Column(about="only those who gave this answer were asked: item/answer"),
        "remainder": _yes("yes: none of these, other, do not know: no rival in an order"),
        "note": NOTE,
    },
    "bases": {
        "survey": SURVEY,
        "item": Column(about="empty: every item of the group"),
        "group_dim": DIM,
        "group": GROUP,
        "time": Column("time", about="empty: any time"),
        "n": Column("number", required=True, about="the base"),
        "kind": _choice(
            "sum", "assumed", default="assumed", about="sum: follows from print; assumed: halved and doubled"
        ),
        "how": Column(required=True, about="from what it is taken"),
    },
    "relations": {
        "target": Column("names", required=True, about="one id, or ID.n, ID.lower, ... of its other numbers"),
        "comparison": _choice(*COMPARISONS, default="="),
        "formula": Column("formula", required=True, about="+ - * / min max over ids and numbers"),
        "how": Column(about="why it should hold"),
        "system": Column(about="rows with the same word here must hold together"),
    },
    "contradictions": {
        "numbers": Column("names", required=True, about="ids, with spaces between"),
        "sentence": Column(required=True, about="what a reader found, English"),
        "sentence_nb": Column(about="bokmål"),
        "supports": Column("names", about="the id that seems right"),
    },
    "readings": {
        "id": Column("name", required=True, about="the unsafe number"),
        "value": Column("printed", required=True, about="what may stand there instead"),
        "why": Column(required=True, about="why"),
        "reading": Column(about="rows with the same word here are read so together"),
    },
    "coefficients": {
        "model": Column(required=True, about="short name of the regression"),
        "outcome": Column(required=True, about="item that is explained"),
        "predictor": Column(required=True, about="item that explains; constant, r2 and n are kept apart"),
        "role": _choice("predictor", "control", default="predictor", about="control: no rival in an order"),
        "year": Column("time", about="of the data"),
        "value": Column("printed", required=True, about="the coefficient"),
        "se": Column("printed", about="its standard error, if printed"),
        "stars": Column(about="as printed: *, **, ***; empty is none"),
        "reference": REFERENCE,
        "note": NOTE,
    },
    "claims": {
        "claim": Column("name", required=True, about="short name"),
        "kind": _choice(*CLAIMS, required=True),
        "survey": SURVEY,
        "item": Column(required=True),
        "answer": Column(about="empty: the only one printed"),
        "group_dim": DIM,
        "group": GROUP,
        "time": TIME,
        "survey_b": Column(about="the other side, where it differs"),
        "item_b": Column(),
        "answer_b": Column(),
        "group_dim_b": Column(),
        "group_b": Column(about="a group, all, or others (the whole less the group)"),
        "time_b": Column("time", about="the time compared with"),
        "direction": _choice(*SIGNS, required=True),
        "level": Column("number", about="of a level, percent"),
        "among": Column("whole", about="of an order: among the first so many; empty is 1"),
        "stated": Column(about="how it is put (significant, tendency, ...); of same: the margin in points, 5 if empty"),
        "overlap": _yes("whether both sides share people"),
        "comparable": _yes("no: the two surveys differ in method"),
        "reference": REFERENCE,
        "note": NOTE,
    },
}
SURVEY_KEYS = {
    "n": "respondents",
    "year": "year of fieldwork",
    "weighted": "true or false",
    "design_effect": 'a number, a list (the first is used, the others repeat it), or "estimate": from the intervals',
    "invited": "how many were asked",
    "population": "how many there are",
    "register": "true: its numbers are counts of everybody, not answers of a sample",
    "label": "in words, English",
    "label_nb": "in words, bokmål",
    "reference": "where its sizes are printed",
    "note": "remarks",
}
REPORT_KEYS = (
    *("title", "title_nb", "publisher", "authors", "year", "language", "reading", "notes"),
    *("surveys", "models", "plots", "words", "stars", "moved"),
)
MODEL_KINDS = ("groups", "items", "series", "distribution")
MODEL_KEYS = (
    "kind",
    "name",
    "survey",
    "group_dim",
    "items",
    "answers",
    "batteries",
    "time",
    "statistic",
    "rest",
    "without",
)
PLOT_KINDS = ("claims", "groups", "changes", "ratings")
PLOT_KEYS = (
    "kind",
    "name",
    "title",
    "title_nb",
    "survey",
    "item",
    "answer",
    "group_dim",
    "time",
    "time_from",
    "claims",
)

"""English nouns or adjectives and verbs that are written alike: their sounds, noun first."""

from typing import NamedTuple


class Pair(NamedTuple):
    """The two readings of a word."""

    noun: str
    verb: str


_NOUN = """
record R EH1 K ER0 D|R AH0 K AO1 R D
present P R EH1 Z AH0 N T|P R IY0 Z EH1 N T
object AA1 B JH EH0 K T|AH0 B JH EH1 K T
project P R AA1 JH EH0 K T|P R AH0 JH EH1 K T
contract K AA1 N T R AE2 K T|K AH0 N T R AE1 K T
permit P ER1 M IH2 T|P ER0 M IH1 T
increase IH1 N K R IY2 S|IH0 N K R IY1 S
decrease D IY1 K R IY2 S|D IH0 K R IY1 S
perfect P ER1 F IH0 K T|P ER0 F EH1 K T
subject S AH1 B JH IH0 K T|S AH0 B JH EH1 K T
suspect S AH1 S P EH2 K T|S AH0 S P EH1 K T
import IH1 M P AO2 R T|IH2 M P AO1 R T
export EH1 K S P AO2 R T|IH0 K S P AO1 R T
transport T R AE1 N S P AO2 R T|T R AE0 N S P AO1 R T
transfer T R AE1 N S F ER0|T R AE0 N S F ER1
transplant T R AE1 N S P L AE2 N T|T R AE0 N S P L AE1 N T
survey S ER1 V EY2|S ER0 V EY1
discount D IH1 S K AW0 N T|D IH0 S K AW1 N T
impact IH1 M P AE2 K T|IH0 M P AE1 K T
refund R IY1 F AH2 N D|R IH0 F AH1 N D
insult IH1 N S AH2 L T|IH2 N S AH1 L T
conduct K AA1 N D AH2 K T|K AH0 N D AH1 K T
conflict K AA1 N F L IH0 K T|K AH0 N F L IH1 K T
contest K AA1 N T EH2 S T|K AH0 N T EH1 S T
contrast K AA1 N T R AE2 S T|K AH0 N T R AE1 S T
progress P R AA1 G R EH2 S|P R AH0 G R EH1 S
protest P R OW1 T EH2 S T|P R AH0 T EH1 S T
rebel R EH1 B AH0 L|R IH0 B EH1 L
escort EH1 S K AO2 R T|EH0 S K AO1 R T
convict K AA1 N V IH0 K T|K AH0 N V IH1 K T
compound K AA1 M P AW0 N D|K AH0 M P AW1 N D
address AE1 D R EH2 S|AH0 D R EH1 S
addict AE1 D IH2 K T|AH0 D IH1 K T
defect D IY1 F EH2 K T|D IH0 F EH1 K T
frequent F R IY1 K W AH0 N T|F R IY0 K W EH1 N T
update AH1 P D EY2 T|AH0 P D EY1 T
upgrade AH1 P G R EY2 D|AH0 P G R EY1 D
desert D EH1 Z ER0 T|D IH0 Z ER1 T
house HH AW1 S|HH AW1 Z
excuse IH0 K S K Y UW1 S|IH0 K S K Y UW1 Z
abuse AH0 B Y UW1 S|AH0 B Y UW1 Z
separate S EH1 P R AH0 T|S EH1 P ER0 EY2 T
duplicate D UW1 P L AH0 K AH0 T|D UW1 P L AH0 K EY2 T
elaborate IH0 L AE1 B R AH0 T|IH0 L AE1 B ER0 EY2 T
alternate AO1 L T ER0 N AH0 T|AO1 L T ER0 N EY2 T
graduate G R AE1 JH AH0 W AH0 T|G R AE1 JH AH0 W EY2 T
estimate EH1 S T AH0 M AH0 T|EH1 S T AH0 M EY2 T
moderate M AA1 D ER0 AH0 T|M AA1 D ER0 EY2 T
delegate D EH1 L AH0 G AH0 T|D EH1 L AH0 G EY2 T
advocate AE1 D V AH0 K AH0 T|AE1 D V AH0 K EY2 T
deliberate D IH0 L IH1 B ER0 AH0 T|D IH0 L IH1 B ER0 EY2 T
appropriate AH0 P R OW1 P R IY0 AH0 T|AH0 P R OW1 P R IY0 EY2 T
approximate AH0 P R AA1 K S AH0 M AH0 T|AH0 P R AA1 K S AH0 M EY2 T
associate AH0 S OW1 S IY0 AH0 T|AH0 S OW1 S IY0 EY2 T
affiliate AH0 F IH1 L IY0 AH0 T|AH0 F IH1 L IY0 EY2 T
aggregate AE1 G R AH0 G AH0 T|AE1 G R AH0 G EY2 T
intimate IH1 N T AH0 M AH0 T|IH1 N T AH0 M EY2 T
"""
_VERB = """
articulate AA0 R T IH1 K Y AH0 L AH0 T|AA0 R T IH1 K Y AH0 L EY2 T
coordinate K OW0 AO1 R D AH0 N AH0 T|K OW0 AO1 R D AH0 N EY2 T
animate AE1 N AH0 M AH0 T|AE1 N AH0 M EY2 T
use Y UW1 S|Y UW1 Z
refuse R EH1 F Y UW2 Z|R AH0 F Y UW1 Z
produce P R OW1 D UW2 S|P R AH0 D UW1 S
resume R EH1 Z AH0 M EY2|R IH0 Z UW1 M
convert K AA1 N V ER0 T|K AH0 N V ER1 T
combine K AA1 M B AY0 N|K AH0 M B AY1 N
construct K AA1 N S T R AH2 K T|K AH0 N S T R AH1 K T
extract EH1 K S T R AE2 K T|IH0 K S T R AE1 K T
exploit EH1 K S P L OY2 T|IH0 K S P L OY1 T
insert IH1 N S ER2 T|IH2 N S ER1 T
invite IH1 N V AY2 T|IH2 N V AY1 T
recall R IY1 K AO2 L|R IH0 K AO1 L
reject R IY1 JH EH2 K T|R IH0 JH EH1 K T
"""


def _pairs(lines: str) -> dict[str, Pair]:
    rows = (line.partition(" ") for line in lines.strip().split("\n"))
    return {word: Pair(*phones.split("|")) for word, _, phones in rows}


VERB_FIRST = _pairs(_VERB)
PAIRS = _pairs(_NOUN) | VERB_FIRST
PLURALS: dict[str, str] = {f"{word}s": word for word in PAIRS if word != "house"}

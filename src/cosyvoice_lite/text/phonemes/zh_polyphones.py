"""Mandarin: characters with several readings, where what stands beside them decides.

The tables are for what neither a dictionary of words nor the readers of ``READERS`` settle.
"""

import re

from cosyvoice_lite.text.phonemes.zh_copula import is_or_for, long_or_grow
from cosyvoice_lite.text.phonemes.zh_particles import earth_or_manner, got_or_must

READERS = {"地": earth_or_manner, "得": got_or_must, "为": is_or_for, "长": long_or_grow}

# (where, reading): the match is the character, its surroundings are looked at; the first one wins
_POLYPHONES = [
    (r"还(?=[给钱清款债贷])|(?<=[归偿退])还|还(?=了(?!得)|掉|完(?!没)|过(?:钱|款|债|了))|还(?=不起(?!床|来|身|作))", "huan2"),
    (r"数(?=[一了]数)|(?<=数[一了])数(?![据字目量])|数(?=不清|不完)", "shu3"),
    (r"(?<=[体般单确实括观白格])地(?=[说讲])", "de5"),
    (r"(?<=[用睡找够管犯点猜见摸][得不])着", "zhao2"),
    (r"量(?=一量|体温|身高|血压|尺寸)|(?<=量一)量", "liang2"),
    (r"(?<=[支总])行(?![动为走驶程])|(?<=第[一二三四五六七八九十百])行(?![动为走驶程])|(?<=[上下前后]一)行(?![动为走驶程])|(?<=[排成分占换]一)行", "hang2"),
    (r"(?<=一)行(?=[字诗代列树泪文数])|(?<=[二三四五六七八九十两几每各半这那])行(?![人动为走驶程政进使者李装将文])(?!业务)|(?<=各行各)行", "hang2"),
    (r"(?<=[一二三四五六七八九十百千两几每这那])只(?![有是要能好会])", "zhi1"),
    (r"种(?=[植地菜花树田草下])", "zhong4"),
    (r"重(?=[新复来建写做启叠返逢播演组置申])", "chong2"),
    (r"(?<=[一二两三四五六七八九双多])重(?=[天身意要门])", "chong2"),
    (r"干(?=[活吗嘛什事部劲啥])", "gan4"),
    (r"(?<=[打猜射命击选])中(?![国间心学午文央])", "zhong4"),
    (r"教(?=[书我你他她会给过了得])|(?<=[你我他她们人来在请谁地])教(?![育师学授材室堂练官导程皇徒会义条科务职研案养训化改])", "jiao1"),
    (r"教(?=[英日法俄外汉中语数物化美音舞唱跳画钢孩小学]|体育)(?!学[校院科术习费法]?|学生证|化|法)", "jiao1"),
    (r"(?<=[有没抽])空(?![气调间军中前虚])", "kong4"),
    (r"背(?=[着起包负上])", "bei1"),
    (r"盛(?=[出入饭汤满]|[了好上]?[一两半几][碗勺盘盆杯]|[在到进][碗盘盆]|着[水饭汤米])", "cheng2"),
    (r"(?<=[理白黑短毛染烫假卷])发(?![现生展布出动明表送达热])", "fa4"),
    (r"(?<=[吃走看做去受忘免])(?<!他)了(?=不)|(?<=不)了(?![了的])", "liao3"),
    (r"(?<=[做办看听找买吃见拿碰摸够])得(?=到)", "de5"),
    (r"(?<=[想要会能望盼])得(?=到[^了吗吧的])", "de2"),
    (r"(?<=[受办吃忍去拿买睡管担帮少躲逃离走做]得)了(?=[吗吧的呢他她它你我这那]|$)", "liao3"),
    (r"假(?=期)|(?<=[放请休暑寒年病事度])假", "jia4"),
    (r"倒(?=[水茶酒车立影退])", "dao4"),
    (r"系(?=[鞋好上着]带?)", "ji4"),
    (r"谁", "shei2"),
    (r"朝(?=阳[区門门北公])", "chao2"),
    (r"朝(?=[阳霞气夕])(?!阳[区門门北公])", "zhao1"),
    (r"曾(?=先生|女士|小姐|老师|医生|经理|局长|主任|某)|(?<=姓)曾", "zeng1"),
    (r"相(?=[机片册])", "xiang4"),
    (r"杠", "gang4"),
]  # fmt: skip
_RULES = [(re.compile(where), reading) for where, reading in _POLYPHONES]


def ruled_readings(han: str) -> dict[int, str]:
    """Where in a clause a rule reads a character, and how."""
    found: dict[int, str] = {}
    for where, reading in _RULES:
        for match in where.finditer(han):
            found.setdefault(match.start(), reading)
    return found

"""What the packed Japanese dictionary lacks or weighs wrongly, and other forms of its characters."""

from typing import NamedTuple

VARIANTS = str.maketrans(
    "髙﨑嵜𠮷濵栁德瀨槗𣘺邊靑淸晧曻圀羣桒增寬緖來賴郞徵",
    "高崎崎吉浜柳徳瀬橋橋辺青清皓昇国群桑増寛緒来頼郎徴",
)
"""Forms of characters that names keep → those that the dictionary has."""


class Entry(NamedTuple):
    """A word to add: its cost is among some hundreds to ten thousand, rare words costing most."""

    surface: str
    reading: str
    accent: int
    part: str
    cost: int


SURNAME = "名詞,固有名詞,人名,姓,*,*"
NOUN, GIVEN = "名詞,一般,*,*,*,*", "名詞,固有名詞,人名,名,*,*"

ADDED = [
    Entry("七五三", "シチゴサン", 3, NOUN, 1000),
    Entry("一か八か", "イチカバチカ", 2, NOUN, -3000),
    Entry("日本人形", "ニホンニンギョー", 4, NOUN, 1000),
    Entry("六本木", "ロッポンギ", 4, NOUN, 0),
    Entry("山手線", "ヤマノテセン", 0, NOUN, 0),
    Entry("中央口", "チューオーグチ", 0, NOUN, 4000),
    Entry("丸の内口", "マルノウチグチ", 0, NOUN, 0),
    Entry("八重洲口", "ヤエスグチ", 0, NOUN, 0),
    Entry("習近平", "シューキンペー", 3, SURNAME, 0),
    Entry("呪術廻戦", "ジュジュツカイセン", 4, NOUN, 0),
    Entry("鬼滅", "キメツ", 0, NOUN, 1000),
    Entry("米津", "ヨネズ", 0, SURNAME, 3000),
    Entry("菅田", "スダ", 1, SURNAME, 9000),
    Entry("三笘", "ミトマ", 0, SURNAME, 0),
    *[
        Entry(name, reading, accent, GIVEN, 6000)
        for name, reading, accent in [
            ("翔平", "ショーヘー", 1), ("結弦", "ユズル", 0), ("聡太", "ソータ", 1), ("佳純", "カスミ", 1),
            ("将大", "マサヒロ", 2), ("大翔", "ヒロト", 1), ("陽菜", "ヒナ", 1), ("由伸", "ヨシノブ", 2),
            ("誠也", "セーヤ", 1), ("雄星", "ユーセー", 1), ("朗希", "ローキ", 1), ("宗隆", "ムネタカ", 2),
            ("拓真", "タクマ", 1), ("陽翔", "ハルト", 1), ("悠真", "ユーマ", 1), ("結菜", "ユイナ", 1),
            ("咲良", "サクラ", 0), ("晋三", "シンゾー", 1), ("進次郎", "シンジロー", 3), ("龍馬", "リョーマ", 1),
            ("玄師", "ケンシ", 1), ("将暉", "マサキ", 1),
        ]
    ],
]  # fmt: skip

COSTS = {  # surface and reading → what to add to the cost
    ("日本", "ニホン"): -7200, ("日本人", "ニホンジン"): -7500, ("日本一", "ニホンイチ"): -4000,
    ("東日本", "ヒガシニホン"): -6000,
    ("甲", "コー"): -300, ("米長", "ヨネナガ"): 4000,
    ("百合", "ユリ"): -4000, ("着", "ギ"): 1500, ("目の子", "メノコ"): 9000,
    ("組", "グミ"): 1500, ("汚れる", "ヨゴレル"): -600, ("東横線", "トーヨコセン"): -8000,
}  # fmt: skip

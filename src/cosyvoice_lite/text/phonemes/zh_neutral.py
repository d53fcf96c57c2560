"""Mandarin: words whose second syllable has no tone of its own.

The words of the Putonghua test's list of obligatory neutral tones that have two characters, save
those in -子 and -们, which the dictionary has, and those that mean something else in full tones.
"""

_WORDS = frozenset(
    "爱人 巴掌 爸爸 白净 帮手 棒槌 包袱 包涵 宝宝 本事 比方 扁担 别扭 玻璃 拨弄 簸箕 补丁 部分 裁缝 财主 苍蝇 差事 柴火 称呼 "
    "锄头 畜生 窗户 刺猬 凑合 聪明 耷拉 答应 打扮 打点 打发 打量 打算 打听 大方 大爷 大夫 耽搁 耽误 道士 灯笼 提防 弟弟 弟兄 "
    "地方 点心 东家 东西 动静 动弹 豆腐 嘟囔 队伍 对付 耳朵 吩咐 风筝 福气 干净 甘蔗 干事 高粱 膏药 告诉 哥哥 胳膊 疙瘩 跟头 "
    "工夫 公公 功夫 姑姑 姑娘 骨头 故事 寡妇 怪物 关系 官司 罐头 规矩 闺女 蛤蟆 含糊 行当 合适 合同 和尚 核桃 红火 后头 厚道 "
    "狐狸 胡琴 糊涂 护士 皇上 活泼 火候 伙计 机灵 脊梁 记号 记性 家伙 架势 嫁妆 见识 将就 交情 叫唤 街坊 结实 姐夫 姐姐 戒指 "
    "精神 舅舅 咳嗽 客气 口袋 窟窿 快活 困难 阔气 喇叭 喇嘛 浪头 老婆 老实 老爷 姥姥 累赘 篱笆 里头 力气 厉害 利落 利索 痢疾 "
    "连累 凉快 粮食 溜达 萝卜 骆驼 妈妈 麻烦 麻利 马虎 码头 馒头 忙活 冒失 眉毛 媒人 妹妹 门道 眯缝 迷糊 苗条 苗头 名堂 名字 "
    "明白 蘑菇 模糊 木匠 木头 奶奶 难为 脑袋 能耐 念叨 念头 娘家 奴才 女婿 暖和 疟疾 牌楼 盘算 朋友 脾气 屁股 便宜 漂亮 婆家 "
    "婆婆 葡萄 铺盖 欺负 前头 亲戚 亲家 勤快 清楚 情形 拳头 热闹 人家 认识 软和 扫帚 商量 上司 上头 烧饼 少爷 舌头 生意 牲口 "
    "师父 师傅 石匠 石榴 石头 时候 拾掇 使唤 事情 收成 收拾 首饰 叔叔 舒服 舒坦 疏忽 爽快 思量 算计 岁数 踏实 太太 太阳 特务 "
    "挑剔 跳蚤 铁匠 痛快 头发 妥当 唾沫 挖苦 娃娃 晚上 尾巴 委屈 味道 位置 稳当 稀罕 媳妇 喜欢 下巴 吓唬 先生 乡下 相声 消息 "
    "小气 笑话 谢谢 心思 新鲜 星星 猩猩 行李 兄弟 休息 秀才 秀气 学生 学问 丫头 衙门 哑巴 胭脂 烟筒 眼睛 秧歌 养活 吆喝 妖精 "
    "爷爷 衣服 衣裳 意思 应酬 冤枉 月饼 月亮 云彩 运气 在乎 早上 扎实 眨巴 栅栏 张罗 丈夫 丈人 帐篷 招呼 招牌 照顾 折腾 枕头 "
    "芝麻 知道 知识 指甲 指头 主意 转悠 庄稼 壮实 状元 祖宗 钥匙 嘴巴 作坊 琢磨".split()
)  # fmt: skip
_FULL_IN_COMPOUNDS = frozenset("东西 地方 精神 太阳 学生 知识 故事 消息 部分 关系 大方".split())


def neutral_syllables(word: str) -> list[int]:
    """Which syllables of a word are neutral: 朋友, 小姑娘, 爸爸妈妈."""
    if word in _WORDS:
        return [1]
    if len(word) == 3 and word[1:] in _WORDS and word[1:] != "学生":
        return [2]
    if len(word) == 3 and word[:2] in _WORDS and word[:2] not in _FULL_IN_COMPOUNDS:
        return [1]
    if len(word) == 4 and word[:2] in _WORDS and word[2:] in _WORDS:
        return [1, 3]
    return []

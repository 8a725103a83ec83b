// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// The words that names, login IDs and guesses are made of.

func surnames() []string {
	return []string{"sato", "suzuki", "takahashi", "tanaka", "ito", "watanabe", "yamamoto", "nakamura", "kobayashi", "kato", "yoshida",
		"yamada", "sasaki", "yamaguchi", "matsumoto", "inoue", "kimura", "hayashi", "shimizu", "yamazaki", "mori", "abe", "ikeda", "hashimoto",
		"ishikawa", "ogawa", "okada", "goto", "hasegawa", "murakami", "kondo", "ishii", "saito", "sakamoto", "endo", "aoki", "fujii", "nishimura",
		"fukuda", "ota", "miura", "fujiwara", "okamoto", "matsuda", "nakagawa", "nakano", "harada", "ono", "tamura", "takeuchi", "kaneko",
		"wada", "nakayama", "ishida", "ueda", "morita", "hara", "shibata", "sakai", "kudo", "yokoyama", "miyazaki", "miyamoto", "uchida"}
}

func givenNames() []string {
	return []string{"taro", "hiroshi", "kenji", "akira", "takashi", "yuki", "haruto", "ren", "sota", "daiki", "kaito", "shota", "naoki", "makoto",
		"satoshi", "kazuya", "tetsuya", "yusuke", "ryo", "masato", "koji", "osamu", "shinji", "hideki", "jun", "keiko", "yoko", "naomi", "emi",
		"yuka", "mai", "aya", "ayumi", "chie", "eri", "hana", "haruka", "kaori", "kumiko", "mari", "megumi", "midori", "miho", "mika", "nana",
		"noriko", "rika", "risa", "sachiko", "saki", "sakura", "tomoko", "yumi", "minoru", "noboru", "susumu", "tsutomu", "wataru", "isamu", "go"}
}

// words are what people who may choose their login ID freely choose.
func words() []string {
	return []string{"neko", "inu", "kuma", "fuji", "sora", "hoshi", "quark", "muon", "gluon", "phonon", "tsuki", "umi", "yama", "kaze", "yuzu",
		"momo", "sakura", "kitsune", "tanuki", "usagi", "panda", "pingu", "tako", "ika", "maguro", "sushi", "soba", "udon", "ramen", "mochi",
		"matcha", "coffee", "piano", "cello", "jazz", "rock", "bass", "chess", "shogi", "igo", "kendo", "judo", "aikido", "tennis", "soccer",
		"rugby", "marathon", "yacht", "camera", "radio", "laser", "plasma", "carbon", "zeolite", "neutron", "boson", "sigma", "lambda",
		"omega", "kappa", "gamma", "tensor", "vector", "matrix", "kernel", "spin", "orbit", "comet", "nebula", "pulsar", "aurora", "geyser"}
}

// commonIDs are what a prober from outside would try, and what noise on mail servers does try.
func commonIDs() []string {
	return []string{"admin", "info", "test", "guest", "user", "root", "office", "mail", "support", "sales", "webmaster", "postmaster", "backup",
		"oracle", "ftp", "scan", "fax", "system", "master", "help"}
}

// searches are what people look for in their mail; now and then a password that somebody sent them.
func searches() []string {
	return []string{"議事録", "見積書", "出張", "契約書", "会議室", "名簿", "年末調整", "予算", "論文", "査読", "装置", "予約", "請求書", "申請", "研修", "日程",
		"プレス", "共同研究", "アンケート", "パスワード"}
}

// topics name files, shares and mails.
func topics() []string {
	return []string{"keiyaku", "kyodo-kenkyu", "houkoku", "kaigi", "yosan", "jinji", "saiyo", "data", "jikken", "sokutei", "ronbun", "zumen", "mitsumori", "shinsei",
		"meibo", "nittei", "kikaku", "hyoka", "anzen", "chousa"}
}

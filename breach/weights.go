// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import "github.com/sekisho/sekisho/event"

// Weights are what each kind of evidence is worth, in natural logarithms of odds. They are judgements from the literature
// and from drills, not measured likelihoods, and reports call what comes of them an indicator (指標) until they are
// calibrated. One signal alone never condemns: every sum starts below zero by Prior.
type Weights struct {
	Prior         float64 // that a given login is the intruder's, nothing else known
	PriorCampaign float64 // added while the institute's accounts are under attack, by findings of guessing or probing
	PriorBreach   float64 // added once other accounts are condemned

	Kind   map[event.Kind]float64
	Abroad float64 // a country that is neither home nor known from the account's past

	OwnAddress, OwnNetwork, OwnAS, OwnKind float64 // the account's own past speaks for its owner
	ClientKnown, ClientFamily              float64 // exactly the client it used before; the same one in another version
	ClientNew                              float64 // another client than in a past that is deep enough to tell
	OperatorMax                            float64 // a client that condemned logins have and honest ones do not

	GuessSource           float64                    // the address guessed at accounts
	GuessOnly             float64                    // and nobody is at home there
	Stuffed               float64                    // a few accounts failed there that never got in
	SameHand, SameHandMax float64                    // each further account with one rare client at an address that hides its user
	MaskedMax             float64                    // the most of it where such addresses are many: people who use Tor look alike, so it must not condemn alone
	StolenTogether        float64                    // two such accounts at one address new to both; one more for each further one
	Stolen                float64                    // the intruder used the account before: every place strange to it is suspect
	StolenNear            float64                    // and within days of its first use, from where users are hidden
	AfterGuessing         float64                    // a finding says: this account, after guessing
	DropOut               float64                    // it left the attackers' list while the list went on
	DropOutAlone          float64                    // what that leaves standing where no record shows from where the account was used
	Ailing                float64                    // strange, while its owner's machine showed grave signs
	Foothold              float64                    // used, for the first time, from a machine that the intruder held
	OwnHabit              float64                    // one who always came from one or two networks comes from another; where no client is recorded
	Population            float64                    // a network where many of the people are at home
	Exposed               float64                    // after the directory with its credentials was read
	Bulk                  float64                    // took mail or files as its owner never did
	NoOwner               float64                    // the account appeared late, and whoever used it first was condemned
	Made, MadeRaised      float64                    // a compromised account made it; and gave it an administrator's rights at once
	MadeHis               float64                    // an account that nobody but the intruder ever used was made in this session, from outside
	Tunnel                float64                    // the address inside that it was lent by the VPN is condemned for what was done from it then
	Abused                map[event.Severity]float64 // a finding says that it was used from this address as its owner never used it: spam, documents
	HalfOnly              float64                    // never more than the right password without the second step

	Elder                 float64 // each account that came to an address, which does not hide its users, a month before with the same client
	Stranger, Familiar    float64 // at an address new to all: each other account with an unfamiliar client; with its own
	MetAgain              float64 // for each further address where the same two met as strangers
	MetAgainMax           float64
	Homeless, HomelessMax float64 // each further account with a client that is nowhere at home, from three accounts on
	Roaming               float64 // an account that the intruder used comes from twice as many new networks as nearly everybody does at most
	Lair                  float64 // each condemned account that came to the same rented network, where nobody is at home
	LairMax               float64
	RoamingTour           float64 // in place of Roaming, for an account that is not known to be used by the intruder but roams with others
	CirclePair            float64 // the most of a circle of rented networks and two accounts
	CircleMax             float64 // and of more
	CircleHand            float64 // of two or more with one client that neither had before
	Wandering             float64 // each further network of rented machines that an account came from within weeks, which never had before
	WanderingMax          float64
	Rented                float64 // in place of Stranger on a rented machine where nobody is at home
	CoUseMin, CoUseMax    float64
	Company               float64 // each condemned account that came there with the same client
	CompanyMax            float64

	Seed float64 // named as bad by whoever asked
}

// DefaultWeights returns the weights in use. science.md, 3.2 and 3.5, is where most of them come from.
func DefaultWeights() Weights {
	return Weights{
		Prior: -7, PriorCampaign: 1.5, PriorBreach: 0.5,
		Kind: map[event.Kind]float64{
			event.KindTor: 3.5, event.KindVPN: 2.5, event.KindHosting: 2.5, event.KindUnknown: 0,
			event.KindUniversity: -0.5, event.KindMobile: -1, event.KindResidential: -0.5, event.KindHotel: -1, event.KindOwn: -4,
		},
		Abroad:     1.5,
		OwnAddress: -6, OwnNetwork: -3, OwnAS: -2, OwnKind: -4,
		ClientKnown: -2.5, ClientFamily: -1.5, ClientNew: 1.5, OperatorMax: 4.5,
		GuessSource: 5, GuessOnly: 2, Stuffed: 3, Stolen: 2, StolenNear: 1, StolenTogether: 3, SameHand: 1, SameHandMax: 3, MaskedMax: 2.5, AfterGuessing: 1.5, DropOut: 3, DropOutAlone: 1, Ailing: 2, Foothold: 8, OwnHabit: 2.5, Population: -1.5, Exposed: 1.6, Bulk: 2, NoOwner: 6, Made: 7, MadeRaised: 11, MadeHis: 6, Tunnel: 10, Abused: map[event.Severity]float64{event.Medium: 2.5, event.High: 6, event.Critical: 8}, HalfOnly: -1.5,
		Stranger: 1.8, Familiar: -2, Elder: -0.5, Rented: 2.5, MetAgain: 2, MetAgainMax: 5, Homeless: 1.75, HomelessMax: 5, Roaming: 6, RoamingTour: 3, Lair: 3, LairMax: 6, CirclePair: 4, CircleMax: 6, CircleHand: 7, Wandering: 1, WanderingMax: 3, CoUseMin: -3, CoUseMax: 6, Company: 1.6, CompanyMax: 5,
		Seed: 6,
	}
}

// term is one piece of evidence and its weight.
type term struct {
	name string
	nats float64
}

// termWords say each term to people. The names stand in case.json, accounts[].terms.
func termWords(name string) event.Words {
	switch name {
	case "prior":
		return event.Words{Ja: "何も分かっていないときの見込み", En: "expectation before any evidence"}
	case "campaign":
		return event.Words{Ja: "この時期、組織のアカウントが攻撃を受けていた", En: "the institute's accounts were under attack at the time"}
	case "kind":
		return event.Words{Ja: "接続元の種類（Tor、VPN、レンタルサーバ、携帯など）", En: "kind of the address (Tor, VPN, hosting, mobile, …)"}
	case "abroad":
		return event.Words{Ja: "本人の過去の利用にない国", En: "a country that the account's past does not know"}
	case "own-history":
		return event.Words{Ja: "被害より前から本人が使っていた接続元", En: "the owner used this address, its network or such addresses before the harm"}
	case "client":
		return event.Words{Ja: "端末・ブラウザが本人の普段のものと同じか", En: "whether the client is the owner's usual one"}
	case "operator-client":
		return event.Words{Ja: "不正と判断した他の接続と同じ端末・ブラウザ", En: "the same client as in other logins that were condemned"}
	case "guess-source":
		return event.Words{Ja: "同じ接続元から多数のアカウントへの推測があった", En: "many accounts were guessed at from the same address"}
	case "tried-here":
		return event.Words{Ja: "海外または利用者を隠す同じ接続元で、複数のアカウントの試行が失敗したまま終わっていた", En: "at the same address, abroad or hiding its user, several accounts were tried and never got in"}
	case "stolen":
		return event.Words{Ja: "このアカウントは既に不正に使われていた", En: "the account had been used by the intruder before"}
	case "stolen-together":
		return event.Words{Ja: "不正に使われた複数のアカウントが、どちらにとっても初めての同じ接続元で現れた", En: "accounts that the intruder had used met at one address new to them all"}
	case "same-hand":
		return event.Words{Ja: "ほかに使う人のほとんどない同じ端末が、利用者を隠す接続元や初めての接続元ばかりから、複数のアカウントを使った", En: "one client that hardly anybody else has used several accounts, at an address that hides its user or only ever at places new to them"}
	case "after-guessing":
		return event.Words{Ja: "パスワード推測を受けた後の初めての接続", En: "first came after the account had been guessed at"}
	case "drop-out":
		return event.Words{Ja: "攻撃が続く中でこのアカウントだけ標的から外れた", En: "the attackers stopped trying this account while they went on with the others"}
	case "foothold":
		return event.Words{Ja: "侵入されたサーバから、このアカウントが初めて使われた", En: "used for the first time from a machine that the intruder held"}
	case "own-habit":
		return event.Words{Ja: "いつも決まった場所から使う人の、別のネットワークからの利用", En: "somebody who always came from one or two networks came from another"}
	case "population":
		return event.Words{Ja: "組織の多くの人が普段使うネットワーク", En: "a network that many of the institute's people use"}
	case "exposed":
		return event.Words{Ja: "ディレクトリの認証情報が読み取られた後の接続", En: "after the directory with its credentials was read"}
	case "made-by":
		return event.Words{Ja: "不正に使われたアカウントが作ったアカウント", En: "an account that the intruder used made it"}
	case "made-his":
		return event.Words{Ja: "組織の外からのこの利用の中で作られたアカウントを、侵入者だけが使った", En: "in this session from outside an account was made that only the intruder ever used"}
	case "no-owner":
		return event.Words{Ja: "記録上、このアカウントを最初に使ったのは侵入者であり、ほかに利用者がいない", En: "as far as the records go, the intruder used this account first, and nobody else did"}
	case "own-machine":
		return event.Words{Ja: "本人の端末に重い異常があった時期の、見慣れない接続", En: "strange, at a time when its owner's machine showed grave signs"}
	case "tunnel":
		return event.Words{Ja: "この接続に VPN が割り当てた内部アドレスから、不正な操作があった", En: "bad deeds came from the address inside that the VPN lent to it"}
	case "abused":
		return event.Words{Ja: "この接続元から、本人の普段にない使われ方をした（迷惑メールの送信、文書の大量取得）", En: "used from this address as its owner never did: much mail sent, many documents taken"}
	case "bulk":
		return event.Words{Ja: "本人の普段と比べて大量のメール・ファイルの取得", En: "took far more mail or files than its owner ever did"}
	case "half-only":
		return event.Words{Ja: "パスワードは正しいが二段階目で止まった", En: "the password was right, the second step was never passed"}
	case "co-use":
		return event.Words{Ja: "この接続元を初めて使う複数のアカウントが見慣れない端末で現れた", En: "several accounts came from this address for the first time, with clients unlike their own"}
	case "met-again":
		return event.Words{Ja: "同じ顔ぶれのアカウントが、いずれにとっても初めての接続元に繰り返し現れた", En: "the same accounts came again and again to addresses new to all of them"}
	case "roaming":
		return event.Words{Ja: "不正に使われたアカウントが、短い間に、ほかの人にはない数の初めての接続元から使われた", En: "an account that the intruder had used came from more new places within weeks than others do"}
	case "wandering":
		return event.Words{Ja: "これまでなかったレンタルサーバからの利用が、短い間に次々と別の場所から続いた", En: "came from one rented machine after another, which it never had before"}
	case "company":
		return event.Words{Ja: "不正と判断した他のアカウントが同じ接続元・同じ端末を使った", En: "other condemned accounts used the same address and client"}
	case "released":
		return event.Words{Ja: "一度は不正と判断したが、すべてを合わせて見直すと成り立たなかった", En: "was condemned at first, and did not stand with everything known"}
	case "seed":
		return event.Words{Ja: "調査の起点として指定された", En: "was given as known to be bad"}
	case "disputed":
		return event.Words{Ja: "回答が記録の示すところと、または別の人の回答と食い違う。もう一人の確認を要する", En: "an answer and the records, or two people's answers, say opposite things: one more person has to be asked"}
	case "answer":
		return event.Words{Ja: "本人または担当者の回答", En: "a person's answer"}
	}
	return event.Words{Ja: name, En: name}
}

package datasets

import (
	"fmt"
	"io"
	"iter"
	"math"
	"time"
)

// A reader turns a source's files, unpacked and in the order of the manifest, into tasks.
type reader func(files []io.Reader) iter.Seq2[Example, error]

// A File is one file of a source.
type File struct {
	Path   string   `json:"path"`   // below the source's folder
	URLs   []string `json:"urls"`   // where it can be had; the next one is tried where one fails
	SHA256 string   `json:"sha256"` // hex, of the file as it is published, packed or not
	Bytes  int64    `json:"bytes"`  // its size
}

// A Source is a public suite: its manifest, and how its files are read.
type Source struct {
	Name    string
	About   string
	Folder  string // of its files, shared by suites that read the same ones
	Licence string
	Tasks   int
	Files   []File
	CPU     time.Duration     // of a program, where the judge's default is too little
	Floor   int               // tasks that an empty answer passes, counted by the tests
	Known   map[string]string // tasks that are judged otherwise than published, and how
	read    reader
}

// Where the files lie.
const (
	raw       = "https://raw.githubusercontent.com/"
	github    = "https://github.com/"
	humanEval = raw + "openai/human-eval/master/data/"
	infilling = raw + "openai/human-eval-infilling/master/data/"
	evalPlus  = github + "evalplus/humanevalplus_release/releases/download/v0.1.10/"
	google    = raw + "google-research/google-research/master/mbpp/"
	deepSeek  = raw + "deepseek-ai/DeepSeek-Coder/main/Evaluation/MBPP/data/"
	gorilla   = raw + "ShishirPatil/gorilla/main/berkeley-function-call-leaderboard/bfcl_eval/data/"
	dream     = raw + "DreamLM/Dream/main/eval/data/"
	gradeMath = raw + "openai/grade-school-math/master/grade_school_math/data/"
)

// file is a File whose path is that below the place it comes from.
func file(path, sha256 string, bytes int64, places ...string) File {
	f := File{Path: path, SHA256: sha256, Bytes: bytes}
	for _, place := range places {
		f.URLs = append(f.URLs, place+path)
	}
	return f
}

// all stands for no bound on the ids of MBPP.
const all = math.MaxInt

// catalog is the table of the public suites, in the order in which they are listed.
var catalog = []Source{
	{Name: "humaneval", About: "functions from a docstring", Folder: "humaneval", Licence: "MIT", Tasks: 164, read: readHumanEval,
		Files: []File{file("HumanEval.jsonl.gz", "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef", 44877, humanEval)}},
	{Name: "humaneval-plus", About: "the same functions, tested on EvalPlus's inputs", Folder: "humanevalplus", Licence: "Apache-2.0",
		Tasks: 164, CPU: 10 * time.Second, Known: plusKnown, read: readHumanEvalPlus,
		Files: []File{file("HumanEvalPlus-NoExtreme.jsonl.gz", "298f79977b2663b8b8ab6b5fa50b17d6f23a92603d24f39e26203fe58c37eeda", 925392, evalPlus)}},
	{Name: "humaneval-plus-mini", About: "the same functions, on EvalPlus's smallest set of inputs", Folder: "humanevalplus", Licence: "Apache-2.0",
		Tasks: 164, CPU: 10 * time.Second, Known: plusKnown, read: readHumanEvalPlus,
		Files: []File{file("HumanEvalPlus-Mini.jsonl.gz", "91486741f1627101021fbe50523df08eebb5b0bf5e804b633dcd5ca3c14dbd2f", 57064, evalPlus)}},
	{Name: "mbpp", About: "programs from a sentence and three asserts", Folder: "mbpp", Licence: "CC-BY-4.0", Tasks: 974,
		Files: mbppFull, read: readMBPP(0, 0, all)},
	{Name: "mbpp-3shot", About: "the same after three worked examples", Folder: "mbpp", Licence: "CC-BY-4.0", Tasks: 971,
		Files: mbppFull, read: readMBPP(3, 0, all)},
	{Name: "mbpp-test", About: "MBPP's test split, ids 11 to 510, after three examples: what papers report", Folder: "mbpp",
		Licence: "CC-BY-4.0", Tasks: 500, Files: mbppFull, read: readMBPP(3, 11, 510)},
	{Name: "mbpp-sanitized", About: "the part of MBPP that its authors checked by hand", Folder: "mbpp", Licence: "CC-BY-4.0", Tasks: 427,
		Files: mbppSanitized, read: readMBPP(0, 0, all)},
	{Name: "mbpp-sanitized-3shot", About: "the same after three worked examples", Folder: "mbpp", Licence: "CC-BY-4.0", Tasks: 424,
		Files: mbppSanitized, read: readMBPP(3, 0, all)},
	{Name: "infilling-single-line", About: "one line of a function, the rest given", Folder: "humaneval-infilling", Licence: "MIT", Tasks: 1033, Floor: 27, read: readInfilling,
		Files: []File{file("HumanEval-SingleLineInfilling.jsonl.gz", "1277073e7ddce163ef68598c2bca777f688a53df99422f097e37362090f88e1f", 75058, infilling)}},
	{Name: "infilling-multi-line", About: "several lines of a function", Folder: "humaneval-infilling", Licence: "MIT", Tasks: 5815, Floor: 55, read: readInfilling,
		Files: []File{file("HumanEval-MultiLineInfilling.jsonl.gz", "2f341612eee1d35da1357a4f365e0c0b3ba6e2b62eb491e88aaefa4855af0349", 170082, infilling)}},
	{Name: "infilling-random-span", About: "a span between any two characters", Folder: "humaneval-infilling", Licence: "MIT", Tasks: 1640, Floor: 30, read: readInfilling,
		Files: []File{file("HumanEval-RandomSpanInfilling.jsonl.gz", "b4f330d8a8ff97bf85d9def497dffcae4d741e506449386a877236e422e33e8d", 89591, infilling)}},
	{Name: "infilling-random-span-light", About: "one such span a function", Folder: "humaneval-infilling", Licence: "MIT", Tasks: 164, read: readInfilling,
		Files: []File{file("HumanEval-RandomSpanInfillingLight.jsonl.gz", "1432250ecac0cb56e6f97f8faf0970419ef892a98fda7e1f5aa4c4b87209b760", 45730, infilling)}},
	bfcl("bfcl-simple", "one call of the one function on offer", "BFCL_v4_simple_python.json", 400,
		"82dd63ba502eb2520c6b5d1d9a5c4b590e03ff261565175561f6228a367d1991", 283274,
		"90cd5bc653690ee8e459b5b3f3fc9458606f7f3fcbf795bb51b7dc581f8c86dc", 63627),
	bfcl("bfcl-multiple", "one call of the right one of several functions", "BFCL_v4_multiple.json", 200,
		"aef168155ebd74b7ac2401198b201343bc7d16d7a3d7e0d4e6d8ee82c6969b2a", 316583,
		"244e00ce9395df948bcafc7bee64e8f9c87ef70887587d83cae45b13699f3047", 32254),
	bfcl("bfcl-parallel", "several calls, in any order", "BFCL_v4_parallel.json", 200,
		"19f51a82eff42e5d62541aa500115a056eb78f437c2ba1f10415fd7c8e5dda84", 171896,
		"8a6aa19c1adddc6a5a2f7e40f9dbf30cc7e95815e7b830c90589ab318229e0f0", 66005),
	{Name: "sudoku-4x4", About: "grids with 4 to 12 digits given", Folder: "dream-planning", Licence: "Apache-2.0", Tasks: 9 * 100,
		Files: sudokuFiles(), read: readPlanning(Sudoku, sudokuRule)},
	countdown("countdown-3", "cd3_test.jsonl", "14f727ff203f34f7ddcc05108c95f06414ff1baaa6f8e268c6c72699ec08e389", 55000),
	countdown("countdown-4", "cd4_test.jsonl", "c55f37ac962491a1bd9372885827297d22378dcdbb962392dad0747828b2fd39", 66808),
	countdown("countdown-5", "cd5_test.jsonl", "a032617b369385373040e68e4c003bb143894ade669a0da2f0ad1f78e85e2eef", 79774),
	{Name: "gsm8k", About: "grade-school mathematics, the final number", Folder: "gsm8k", Licence: "MIT", Tasks: 1319, read: readGSM8K,
		Files: []File{file("test.jsonl", "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14", 749738, gradeMath)}},
}

var (
	mbppFull = []File{file("mbpp.jsonl", "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f", 563743, google, deepSeek)}

	mbppSanitized = []File{file("sanitized-mbpp.json", "ca95deaa9a01ef0a6f439f88bcf0dd3db3563d22f22aad6cae04ebb9a8d8c8e9", 255053, google)}

	plusKnown = map[string]string{"HumanEval/32": "judged by the polynomial's value at the root, within 1e-4, as EvalPlus does, since roots differ"}
)

// bfcl is a source with a file of questions and one of answers below possible_answer.
func bfcl(name, about, path string, tasks int, questions string, size int64, answers string, answersSize int64) Source {
	return Source{Name: name, About: about, Folder: "bfcl", Licence: "Apache-2.0", Tasks: tasks, read: readBFCL,
		Files: []File{file(path, questions, size, gorilla), file("possible_answer/"+path, answers, answersSize, gorilla)}}
}

// sudokuFiles are the grids with 4, 5, ... 12 digits given.
func sudokuFiles() (files []File) {
	for i, sha256 := range []string{
		"e31e11b8af41745fe369ab518c408787d94c720bfa1ce1399e78fb8f3410f9a3", "7fd5682cd53466ce463d6ec51145832eb7fded72a198fce7b658eb747c5e25c5",
		"56b0729a5333c79eb09812d9e001db07147e107bf0cd03eac0ab47cdfa4a503e", "066da0facc54b7114882c51650a2f2ca700020a68c1ffe1cc698c3f11ca37412",
		"e18c0298bd4eda3c5dd11d578a6c73375a9bbf052e30976c6e942ca6175389cd", "6686e8f8f578e60740fcecd023bc3250b6e1b1a8a7e4472ab70bbeb2521a85a4",
		"3f5ceb59a1b2ebca3fa1ca4e4b6c2cfee2818c274e1c66a030148799413151cc", "de384d57346e5377395f14cbdb5bac346a60250c0ecc5dfeee2a1cf0ac827ef9",
		"b558a8a803fcb973a8a37e0b84e0e61cd7f3a188062264aaa4976f3546f7055f",
	} {
		files = append(files, file(fmt.Sprintf("sudoku_4x4_%d.jsonl", i+4), sha256, 7776, dream))
	}
	return files
}

func countdown(name, path, sha256 string, size int64) Source {
	return Source{Name: name, About: "arithmetic that reaches a number", Folder: "dream-planning", Licence: "Apache-2.0", Tasks: 1000 - shots,
		Files: []File{file(path, sha256, size, dream)}, read: readPlanning(Countdown, countdownRule)}
}

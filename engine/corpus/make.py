#!/usr/bin/env python3
"""Makes the hostile files of this folder: small, each broken in one way that its name tells.

    python3 engine/corpus/make.py            writes them, and removes files it does not know
    python3 engine/corpus/make.py --check    says which files differ; exit code 1 if any does

Deterministic, standard library only. The first group follows the Pollock catalogue of pollutions (Vitagliano
et al., "Pollock: A Data Loading Benchmark", PVLDB 16, 2023). A new case is one `add` line.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LARGEST = 4096
FILES: dict[str, bytes] = {}


def add(name: str, content: bytes | str) -> None:
    content = content.encode() if isinstance(content, str) else content
    assert name not in FILES, f"{name} exists twice"
    assert len(content) <= LARGEST, f"{name} has {len(content)} bytes"
    FILES[name] = content


TABLE = [["id", "name", "price", "day"],
         ["1", "Ann", "2.50", "2024-02-29"],
         ["2", "Bob, jr.", "3.75", "2024-03-01"],
         ["3", 'C"D', "", "2024-03-02"],
         ["4", "two\nlines", "-1", "2024-03-03"]]


def cell(text: str, delimiter=",", quote='"', escape=None) -> str:
    if not any(special in text for special in (delimiter, quote, "\n", "\r")):
        return text
    return quote + text.replace(quote, (escape or quote) + quote) + quote


def lines(rows, delimiter=",", quote='"', escape=None) -> list[str]:
    return [delimiter.join(cell(text, delimiter, quote, escape) for text in row) for row in rows]


def table(rows=None, end="\n", **dialect) -> str:
    return "".join(line + end for line in lines(TABLE if rows is None else rows, **dialect))


def pollock() -> None:
    add("pollock-no-payload", "")
    add("pollock-clean", table())
    add("pollock-no-trailing-newline", table()[:-1])
    add("pollock-double-trailing-newline", table() + "\n")
    add("pollock-no-header", table(TABLE[1:]))
    add("pollock-header-only", table(TABLE[:1]))
    add("pollock-header-only-without-newline", table(TABLE[:1])[:-1])
    add("pollock-one-data-row", table(TABLE[:2]))
    add("pollock-one-data-row-without-newline", table(TABLE[:2])[:-1])
    add("pollock-header-of-2-rows", "id,person,price,day\nno,first,eur,utc\n" + table(TABLE[1:]))
    add("pollock-header-of-3-rows", "id,person,,\n,first,price,day\nno,,eur,utc\n" + table(TABLE[1:]))
    add("pollock-preamble-of-1-line", "Export of 2024\n" + table())
    add("pollock-preamble-of-3-lines-and-blank", "Export\nby: me\nrows: 4\n\n" + table())
    add("pollock-preamble-with-delimiters", "made,by,hand\nfor,you\n" + table())
    add("pollock-footer", table() + "Total: 4 rows\n")
    add("pollock-two-tables-same-columns", table() + "\n" + table())
    add("pollock-two-tables-fewer-columns", table() + "\nx,y\n1,2\n3,4\n")
    add("pollock-two-tables-more-columns", table() + "\na,b,c,d,e,f\n1,2,3,4,5,6\n")
    clean = lines(TABLE)
    for row in (0, 1, 4):
        for place in range(3):
            cells = [cell(text) for text in TABLE[row]]
            fewer = [*clean]
            fewer[row] = ",".join(cells[:place] + [cells[place] + cells[place + 1]] + cells[place + 2:])
            add(f"pollock-row-{row}-separator-missing-at-{place}", "\n".join(fewer) + "\n")
        for place in range(5):
            more = [*clean]
            more[row] = ",".join([cell(text) for text in TABLE[row][:place]] + [""]
                                 + [cell(text) for text in TABLE[row][place:]])
            add(f"pollock-row-{row}-extra-separator-at-{place}", "\n".join(more) + "\n")
    for row in range(1, 5):
        for column in range(4):
            broken = [[cell(text) for text in line] for line in TABLE]
            text = broken[row][column]
            broken[row][column] = text[:len(text) // 2] + '"' + text[len(text) // 2:]
            add(f"pollock-extra-quote-in-row-{row}-column-{column}", "".join(",".join(r) + "\n" for r in broken))
    for name, delimiter in {"semicolon": ";", "tab": "\t", "pipe": "|", "space": " ", "comma-space": ", ",
                            "quote-space": '" ', "caret": "^", "colon": ":", "tilde": "~"}.items():
        add(f"pollock-delimiter-{name}", "".join(delimiter.join(cell(c) for c in row) + "\n" for row in TABLE))
        one = lines(TABLE)
        one[2] = delimiter.join(cell(text, delimiter) for text in TABLE[2])
        add(f"pollock-one-row-with-delimiter-{name}", "\n".join(one) + "\n")
    add("pollock-quote-single", table(quote="'"))
    add("pollock-quote-none", "".join(",".join(row) + "\n" for row in TABLE))
    add("pollock-quote-all-cells", "".join(",".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in r) + "\n" for r in TABLE))
    add("pollock-quote-all-cells-single", "".join(",".join(f"'{c}'" for c in row) + "\n" for row in TABLE))
    add("pollock-quote-backtick", table(quote="`"))
    add("pollock-escape-backslash", table(escape="\\"))
    add("pollock-escape-slash", table(escape="/"))
    add("pollock-escape-none", table().replace('""', '"'))
    for name, end in {"lf": "\n", "cr": "\r", "crlf": "\r\n", "lfcr": "\n\r", "crcrlf": "\r\r\n"}.items():
        add(f"pollock-record-end-{name}", table(end=end))
        add(f"pollock-record-end-{name}-missing-at-the-end", table(end=end)[:-len(end)])


def quotes() -> None:
    clean = 'a,b\n"x",1\n"y""z",2\n"l\nm",3\n'
    for at in range(len(clean) + 1):
        add(f"quote-inserted-at-{at:02}", clean[:at] + '"' + clean[at:])
    for at in [at for at, byte in enumerate(clean) if byte == '"']:
        add(f"quote-removed-at-{at:02}", clean[:at] + clean[at + 1:])
    for count in range(1, 9):
        add(f"quote-{count}-alone", '"' * count)
        add(f"quote-{count}-in-the-middle-cell", 'a,b,c\n1,' + '"' * count + ',3\n4,5,6\n')
        add(f"quote-{count}-then-newline", 'a,b\n1,' + '"' * count + '\n2,3\n')
    for name, end in {"lf": "\n", "cr": "\r", "crlf": "\r\n", "comma": ",", "space": " ", "nothing": "", "letter": "x",
                      "tab": "\t", "quote-letter": '"x', "bom": "\ufeff", "backslash": "\\"}.items():
        add(f"quote-closed-then-{name}", f'a,b\n1,"x"{end}')
        add(f"quote-opened-then-{name}", f'a,b\n1,"{end}')
        add(f"quote-stray-then-{name}", f'a,b\n1,x"{end}')
        add(f"quote-closed-then-{name}-in-the-middle", f'a,b\n"x"{end}1,2\n3,4\n')
    add("quote-after-space", 'a,b\n1, "x, y"\n2, "z"\n')
    add("quote-before-space", 'a,b\n1,"x" ,2\n"y" ,3\n')
    add("quote-text-after-closing-everywhere", 'a,b\n"x"y,"z"w\n"p"q"r,"s""t"u\n')
    add("quote-text-after-closing-with-quotes", 'a,b\n"x"y"z"",1\n"x"y"z,w",2\n')
    add("quote-inches", 'size,name\n3" pipe,12" tube\n5"x7",photo 4"x6"\n')
    add("quote-unclosed-swallows-all", 'a,b\n"1,2\n3,4\n5,6\n7,8\n')
    add("quote-unclosed-in-header", 'a,"b\n1,2\n3,4\n')
    add("quote-unclosed-in-last-cell", 'a,b\n1,2\n3,"4')
    add("quote-unclosed-and-doubled-at-end", 'a,b\n1,"2""')
    add("quote-unclosed-twice-closes-itself", 'a,b\n"1,2\n3,4\n"5,6\n7,8\n')
    add("quote-empty-cells", 'a,b,c\n"","",""\n,"",\n"",,""\n')
    add("quote-only-quotes", '"""","""""",""""""""\n"""",,""""\n')
    add("quote-newlines-only", 'a,b\n"\n","\r"\n"\r\n","\n\n"\n"\r\r","\n\r"\n')
    add("quote-holds-a-whole-table", 'a,b\n"x,y\n1,2\n3,4\n5,6\n7,8\n9,10\n",z\n1,2\n')
    add("quote-holds-a-table-with-quotes", 'a,b\n"x,y\n""1"",""2""\n""3"",""4""\n""5"",""6""\n",z\n"1","2"\n')
    add("quote-outside-looks-inside", 'a,b\n","",","\n"",","",\n","",","\n')
    add("quote-alternating", 'a,b\n' + '",","\n' * 30)
    add("quote-every-second-byte", '"a"b"c"d"e"f"g,"h"\n' * 10)
    add("quote-trap-commas-and-quotes", 'a,b,c\n' + ',"",\n",",",",","\n' * 12)
    add("quote-trap-odd-quotes-in-text", 'a,b\n' + 'it"s,1\n' * 25)
    add("quote-header-with-newline", '"a\nb","c\r\nd"\n1,2\n')
    add("quote-header-with-quote", '"a""b",c""d\n1,2\n')
    add("quote-mixed-single-and-double", "a,b\n'x, y',\"z, w\"\n\"it's\",'say \"hi\"'\n")
    add("quote-smart", "a,b\n“x, y”,1\n«z»,2\n")
    add("escape-backslash-before-newline", 'a,b\n"x\\\ny",1\n"z\\"",2\n')
    add("escape-backslash-at-eof", 'a,b\n"x\\"y",1\n"z\\')
    add("escape-backslash-doubled", 'a,b\n"x\\\\",1\n"y\\"",2\n"\\\\\\"",3\n')
    add("escape-backslash-outside-quotes", 'a,b\nx\\,y,1\n\\"z,2\n')
    add("escape-backslash-and-doubled-quotes", 'a,b\n"x\\"y",1\n"x""y",2\n')


def line_endings() -> None:
    ends = {"lf": "\n", "cr": "\r", "crlf": "\r\n", "crcrlf": "\r\r\n"}
    for first, one in ends.items():
        for second, other in ends.items():
            if first != second:
                add(f"ending-{first}-then-{second}", f"a,b{one}1,2{one}3,4{other}5,6{other}")
                add(f"ending-{first}-with-{second}-in-quotes", f'a,b{one}"1{other}2",3{one}4,"5{other}"{one}')
    for name, text in {"cr": "\r", "lf": "\n", "crlf": "\r\n", "crcr": "\r\r", "lflf": "\n\n", "lfcr": "\n\r",
                       "crlfcrlf": "\r\n\r\n", "crcrlf": "\r\r\n", "cr-x-10": "\r" * 10, "lf-x-10": "\n" * 10}.items():
        add(f"ending-only-{name}", text)
        add(f"ending-{name}-at-the-start", text + "a,b\n1,2\n")
        add(f"ending-{name}-in-the-middle", "a,b\n1,2" + text + "3,4\n")
        add(f"ending-{name}-at-the-end", "a,b\n1,2" + text)
        add(f"ending-{name}-after-delimiter", "a,b\n1," + text + "3,4\n")
    add("ending-all-mixed", "a,b\n1,2\r3,4\r\n5,6\n\r7,8\r\r\n9,10\n\n11,12\r\r13,14")
    add("ending-cr-at-eof-after-lf-file", "a,b\n1,2\n3,4\r")
    add("ending-unicode-line-separators", "a,b\n1,x\u2028y\n2,x\u2029y\n3,x\u0085y\n")
    add("ending-vertical-tab-and-form-feed", "a,b\n1,x\x0by\n2,x\x0cy\n")
    add("ending-record-separators", "a,b\n1,x\x1ey\n2,x\x1fy\n")


def blank_lines() -> None:
    for count in (1, 2, 5):
        blank = "\n" * count
        add(f"blank-{count}-at-the-start", blank + "a,b\n1,2\n")
        add(f"blank-{count}-after-the-header", "a,b\n" + blank + "1,2\n3,4\n")
        add(f"blank-{count}-in-the-middle", "a,b\n1,2\n" + blank + "3,4\n")
        add(f"blank-{count}-at-the-end", "a,b\n1,2\n3,4\n" + blank)
    add("blank-every-second-line", "a,b\n\n" + "1,2\n\n" * 20)
    add("blank-with-spaces", "a,b\n1,2\n   \n3,4\n\t\n5,6\n")
    add("blank-rows-of-delimiters", "a,b,c\n,,\n1,2,3\n,,\n,,\n")
    add("blank-rows-of-quotes", 'a,b\n""\n1,2\n"",""\n""\n')
    add("blank-lines-in-quotes", 'a,b\n"\n\n\n",1\n\n"x\n\n",2\n')
    add("blank-single-column", "a\n1\n\n2\n\n\n3\n")
    add("blank-between-crlf-lines", "a,b\r\n\r\n1,2\r\n\r\n\r\n3,4\r\n")


def headers() -> None:
    add("bom-only", "\ufeff")
    add("bom-then-table", "\ufeff" + table())
    add("bom-then-quoted-header", '\ufeff"id","name"\n1,x\n')
    add("bom-then-newline", "\ufeff\na,b\n1,2\n")
    add("bom-then-cr", "\ufeff\ra,b\r1,2\r")
    add("bom-twice", "\ufeff\ufeffa,b\n1,2\n")
    add("bom-in-the-middle", "a,b\n\ufeff1,2\n3,\ufeff\n")
    add("bom-at-the-end", "a,b\n1,2\n\ufeff")
    add("bom-half", b"\xef\xbba,b\n1,2\n")
    add("bom-utf-16-le", b"\xff\xfea\x00,\x00b\x00\n\x00")
    add("bom-utf-16-be", b"\xfe\xff\x00a\x00,\x00b\x00\n")
    add("bom-utf-32-le", b"\xff\xfe\x00\x00a\x00\x00\x00")
    add("header-blank-names", "a,,c,\n1,2,3,4\n")
    add("header-all-blank", ",,\n1,2,3\n")
    add("header-spaces-as-names", "a, ,\t\n1,2,3\n")
    add("header-duplicates", "a,b,a,a,b\n1,2,3,4,5\n")
    add("header-duplicates-by-case", "a,A,á,Á\n1,2,3,4\n")
    add("header-duplicate-blanks-and-column-2", "a,,column_2,\n1,2,3,4\n")
    add("header-with-spaces-around", " a ,b , c\n1,2,3\n")
    add("header-of-numbers", "2021,2022,2023\n1,2,3\n4,5,6\n")
    add("header-of-dates", "2024-01-01,2024-02-01\n1,2\n3,4\n")
    add("header-of-nulls", "NULL,NA,-\n1,2,3\n")
    add("header-like-the-data", "x,y\nx,y\nx,y\n")
    add("header-of-text-above-text", "name,town\nAnn,Bonn\nBob,Paris\n")
    add("header-narrower-than-rows", "a,b\n1,2,3\n4,5,6\n7,8,9\n")
    add("header-wider-than-rows", "a,b,c,d\n1,2\n3,4\n5,6\n")
    add("header-long-name", "x" * 2000 + ",b\n1,2\n")
    add("header-invalid-utf8", b"a\xff,b\xc3\n1,2\n")
    add("header-control-characters", "a\x01,b\x1b[31m,c\x7f\n1,2,3\n")
    add("header-quoted-with-text-after", '"a"b,c\n1,2\n')
    add("comment-hash-at-the-start", "# made by hand\n# twice\na,b\n1,2\n")
    add("comment-hash-in-the-middle", "a,b\n1,2\n# not, data\n3,4\n")
    add("comment-hash-in-every-place", "# x\na,b\n# y\n1,2\n#\n3,#4\n# z")
    add("comment-hash-with-quotes", '# "x\na,b\n# y" z\n1,2\n')
    add("comment-hash-with-crlf", "# x\r\na,b\r\n# y\r\n1,2\r\n")
    add("comment-hash-as-header", "#id,name\n1,x\n2,y\n")
    add("comment-only", "# a\n# b\n")
    add("comment-only-without-newline", "# a")
    add("comment-after-space", "a,b\n # 1,2\n3,4\n")
    add("comment-slashes", "// x\na,b\n1,2\n-- y\n3,4\n")
    add("separator-line-of-excel", "sep=;\na;b\n1;2\n")


def encodings() -> None:
    broken = {
        "lone-continuation": b"\x80", "continuations-in-a-row": b"\x80\xbf\x80", "overlong-slash": b"\xc0\xaf",
        "overlong-nul": b"\xc0\x80", "overlong-of-3": b"\xe0\x80\xaf", "overlong-of-4": b"\xf0\x80\x80\xaf",
        "overlong-highest-of-2": b"\xc1\xbf", "surrogate-high": b"\xed\xa0\x80", "surrogate-low": b"\xed\xbf\xbf",
        "surrogate-pair": b"\xed\xa0\xbd\xed\xb8\x80", "above-10ffff": b"\xf4\x90\x80\x80",
        "five-byte-form": b"\xf8\x88\x80\x80\x80", "six-byte-form": b"\xfc\x84\x80\x80\x80\x80", "fe": b"\xfe",
        "ff": b"\xff", "cut-2-of-2": b"\xc3", "cut-2-of-3": b"\xe2", "cut-3-of-3": b"\xe2\x82", "cut-2-of-4": b"\xf0",
        "cut-3-of-4": b"\xf0\x9f", "cut-4-of-4": b"\xf0\x9f\x98", "cut-then-start": b"\xe2\x82\xc3\xa4",
        "latin-1": "Müller à Orléans".encode("latin-1"), "windows-1252": b"\x93x\x94 \x80",
    }
    for name, text in broken.items():
        add(f"utf8-{name}-in-a-cell", b"a,b\nx" + text + b"y,1\nz,2\n")
        add(f"utf8-{name}-before-each-special", b"a,b\n" + text + b",1\n2," + text + b"\n\"" + text + b"\",3\n")
        add(f"utf8-{name}-at-eof", b"a,b\n1,x" + text)
    add("utf8-everything-broken", b"a,b\n" + bytes(range(0x80, 0x100)) + b",1\n" + bytes(range(0xff, 0x7f, -1)) + b",2\n")
    add("utf8-in-unclosed-quote", b"a,b\n1,\"x\xff\n\xe2\x82\n")
    add("utf8-in-extra-and-missing-cells", b"a,b\n1,2,\xff\n\xff\n1,2,3,\xc3\n")
    add("utf8-in-comment-and-blank", b"# \xff\na,b\n\n1,\xff\n# \xc3\n3,4\n")
    add("utf8-cut-by-a-delimiter", b"a,b\n\xe2,\x82\xac\n\xf0\x9f,\x98\x80\n")
    add("utf8-cut-by-a-newline", b"a,b\n1,\xe2\n\x82\xac,2\n")
    add("utf8-cut-by-a-doubled-quote", b'a,b\n"\xe2""\x82\xac",1\n"\xc3"\xa4,2\n')
    add("utf8-every-length", "a,b\n$,1\n¢,2\n€,3\n𐍈,4\n￿,5\n𐀀,6\n\U0010ffff,7\n\u07ff\u0800,8\n")
    add("unicode-scripts", "name,город,都市,מדינה\nÅsa,Минск,東京,ישראל\nZoë,Київ,大阪,עיר\n")
    add("unicode-emoji-and-joiners", "a,b\n👩‍👩‍👧‍👦,1\n🇩🇪🇫🇷,2\ne\u0301\u0302\u0303,3\n")
    add("unicode-normal-forms", "a,b\né,1\ne\u0301,2\nＡ,3\nﬁ,4\n")
    add("unicode-spaces", "a,b\n\u00a0x\u00a0,1\n\u200bx,2\n\u3000,3\n\u2003y,4\n")
    add("unicode-direction-marks", "a,b\n\u202eabc\u202c,1\n\u200fx,2\n\u2066y\u2069,3\n")
    add("unicode-digits", "n,b\n١٢٣,1\n１２３,2\n१२३,3\n")
    add("unicode-private-and-noncharacters", "a,b\n\ue000,1\n\ufdd0,2\n\U000f0000,3\n\ufffd,4\n")
    add("control-characters", "a,b\n" + "".join(f"x{chr(code)}y,{code}\n" for code in range(1, 32) if code not in (10, 13)))
    add("nul-only", b"\x00")
    add("nul-in-a-cell", b"a,b\n1,\x00\n")
    add("nul-once-in-long-text", b"a,b\n" + b"some text,1\n" * 90 + b"x\x00y,2\n" + b"some text,3\n" * 10)
    add("nul-at-eof-of-long-text", b"a,b\n" + b"some text,1\n" * 100 + b"\x00")


def utf16() -> None:
    def both(name: str, text: str) -> None:
        for order in ("le", "be"):
            add(f"utf16-{order}-{name}", text.encode(f"utf-16-{order}", "surrogatepass"))

    both("unicode-text-of-excel", "\ufeff" + table(delimiter="\t", end="\r\n"))
    both("without-mark", table())
    both("mark-only", "\ufeff")
    both("mark-twice", "\ufeff\ufeff" + table())
    both("mark-in-the-middle", "\ufeffa,b\n\ufeff1,2\n3,\ufeff\n")
    both("swapped-mark-in-the-middle", "\ufeffa,b\n\ufffe1,2\n\ufffe,\ufffe\n")
    both("every-length", "\ufeffa,b\n$,1\n¢,2\n€,3\n𐍈,4\n𐀀,6\n\U0010ffff,7\n\u07ff\u0800,8\n")
    both("emoji-everywhere", "\ufeff😀,\"😁\"\"😂\"\n😃,\"x\n😄\"😅\n😆\n")
    both("lone-surrogates", "\ufeffa,b\n\ud83d,1\n2,\ude00\n\"\ude00\ud83d\",\ud83d\ud83d\ude00\n\ud83d")
    both("nul-and-control-characters", "\ufeffa,b\n" + "some text,1\n" * 90 + "x\0y,\x1b[31m\n")
    both("mojibake-and-replacement", "\ufeffa,b\nCafÃ©,1\nx\ufffdy,2\n")
    both("other-line-endings", "\ufeffa,b\r1,\u0a0d\r\n\u0d0a,2\n\u2028,\u0085\r")
    both("without-final-newline", "\ufeffa,b\n1,2")
    both("preamble-and-blank-lines", "\ufeffReport\n\nid,naïve,c\n1,2,3\n4,5,6\n\n7,8,9\n")
    both("long-cell", "\ufeffa,b\n\"" + "é\n€" * 500 + "😀\",1\n2,3\n")
    both("nulls-and-types", "\ufeffn,v,when\n1,NA,2024-02-29\n2,2.50,31/12/2024\n\n3,,\n4,-1e3\n")
    for name, end in {"half-a-unit": b"3", "half-a-pair": b"=\xd8", "half-a-pair-and-half-a-unit": b"=\xd8\x3d"}.items():
        add(f"utf16-le-ends-in-{name}", "\ufeffa,b\n1,2\n".encode("utf-16-le") + end)
        add(f"utf16-le-header-ends-in-{name}", "\ufeffa,b".encode("utf-16-le") + end)
    add("utf16-le-order-changes", "\ufeffa,b\n1,2\n".encode("utf-16-le") + "\ufeff3,4\n5,6\n".encode("utf-16-be"))
    add("utf16-le-becomes-utf8", "\ufeffa,b\n1,2\n".encode("utf-16-le") + b"3,4\n5,6\n")
    add("utf16-le-after-one-byte", b"\n" + table().encode("utf-16-le"))
    add("utf32-le-without-mark", table().encode("utf-32-le"))
    add("utf32-be", ("\ufeff" + table()).encode("utf-32-be"))


def shapes() -> None:
    for columns in (64, 65, 200, 1000):
        add(f"wide-{columns}-columns", ",".join(f"c{i % 100}" for i in range(columns))[:3500] + "\n" + "," * 5 + "\n")
    add("wide-only-delimiters", "," * 2000 + "\n" + "," * 2000)
    add("wide-one-row-of-many", "a,b\n" + "1," * 1500 + "\n2,3\n")
    add("wide-one-row-of-none", ",".join("c" * 1 for _ in range(300)) + "\n1\n")
    add("long-cell", "a,b\n" + "x" * 4000 + ",1\n2,3\n")
    add("long-cell-in-quotes", 'a,b\n"' + "x\ny," * 900 + '",1\n2,3\n')
    add("long-cell-of-doubled-quotes", 'a,b\n"' + '""' * 1900 + '",1\n2,3\n')
    add("long-cell-above-shown-length", "a,b\n" + "x" * 256 + ",1\n" + "x" * 257 + ",2\n" + "x" * 255 + "ä,3\n")
    add("long-cells-with-equal-heads", "a\n" + "".join("x" * 300 + str(i) + "\n" for i in range(8)))
    add("long-line-without-newline", "x" * 4096)
    add("long-line-of-one-quote", '"' + "x" * 4000)
    add("ragged-staircase-up", "".join(",".join("1" * n) + "\n" for n in range(1, 20)))
    add("ragged-staircase-down", "".join(",".join("1" * n) + "\n" for n in range(19, 0, -1)))
    add("ragged-all-rows-short", "a,b,c\n" + "1,2\n" * 40)
    add("ragged-all-rows-long", "a,b,c\n" + "1,2,3,4\n" * 40)
    add("ragged-alternating", "a,b,c\n" + "1,2\n1,2,3,4\n" * 20)
    add("ragged-with-quoted-extras", 'a,b\n1,2,"3\n4"\n5,6,"7""8","9"x\n')
    add("ragged-trailing-delimiter", "a,b\n1,2,\n3,4,\n")
    add("ragged-first-data-row-differs", "a,b,c\n1\n2,3,4\n5,6,7\n")
    add("ragged-last-row-cut", "a,b,c\n1,2,3\n4,5,6\n7,8")
    add("all-rows-bad", "a,b\n" + '"x"y,z"w,1\n' * 50)
    add("single-column", "n\n" + "".join(f"{i}\n" for i in range(50)))
    add("single-column-text-without-newline", "name\nAnn\nBob")
    add("single-column-quoted", 'name\n"Ann"\n"B\nob"\n')
    add("single-cell", "x")
    add("single-comma", ",")
    add("single-delimiters-per-line", ",\n,\n,\n")
    add("single-row-of-numbers", "1,2,3")
    add("tab-clean", table(delimiter="\t"))
    add("tab-with-commas-inside", "a\tb\n1,5\t2,5\n3,5\t4,5\n")
    add("tab-trailing", "a\tb\t\n1\t2\t\n")
    add("semicolon-with-decimal-comma", "a;b\n1,5;x\n2,25;y\n-3,0;z\n")
    add("pipe-with-spaces", "a | b | c\n1 | 2 | 3\n4 | 5 | 6\n")
    add("pipe-table-of-markdown", "| a | b |\n|---|---|\n| 1 | 2 |\n")
    add("delimiters-tie", "a,b;c\n1,2;3\n4,5;6\n")
    add("delimiters-change-in-the-middle", "a,b\n1,2\n3,4\n5;6\n7;8\n9\t10\n")
    add("not-a-table-json", '{"a": [1, 2, {"b": "c,d"}]}\n{"a": []}\n')
    add("not-a-table-xml", '<?xml version="1.0"?>\n<a b="c">\n<d/>\n</a>\n')
    add("not-a-table-prose", "Dear all,\n\nplease find, attached, the \"file\".\n\nYours, A.\n")
    add("not-a-table-sql", "INSERT INTO t (a, b) VALUES (1, 'x, ''y'');\n")
    add("windows-path-cells", 'path,n\nC:\\new\\"x",1\n"C:\\temp\\",2\n')


def values() -> None:
    spellings = ["", "NA", "N/A", "n/a", "NULL", "null", "None", "nil", "-", "\\N", "#N/A", "na", "Null", "NONE", "NaN",
                 "nan", "undefined", "?", ".", "--", "0", " ", '""', "(null)", "<NA>", "#VALUE!"]
    add("null-all-spellings", "n,v\n" + "".join(f"{i},{text}\n" for i, text in enumerate(spellings)))
    add("null-all-spellings-quoted", "n,v\n" + "".join(f'{i},"{t}"\n' for i, t in enumerate(spellings) if '"' not in t))
    add("null-with-spaces-around", "n,v\n1, NA\n2,NULL \n3, \n")
    add("null-column", "a,b\n1,\n2,\n3,\n")
    add("null-everything", "a,b\nNA,null\n-,\\N\n,nil\n")
    add("null-among-numbers", "v\n1\nNA\n2.5\n-\n1e3\nNULL\n")
    numbers = {
        "i64-edges": "9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 0 -1",
        "u64-edges": "18446744073709551615 18446744073709551616 4294967295 4294967296 2147483648",
        "17-to-21-digits": " ".join("9" * n for n in range(17, 22)) + " " + " ".join("-1" + "0" * n for n in range(16, 21)),
        "53-bit-edges": "9007199254740991 9007199254740992 9007199254740993 -9007199254740993",
        "very-long": "1" * 40 + " " + "9" * 100 + " 0." + "0" * 100 + "1 -" + "7" * 309,
        "float-edges": "1e308 1.7976931348623157e308 1e309 -1e309 4.9e-324 1e-324 2.2250738585072014E-308",
        "zeros": "0 -0 +0 0.0 -0.0 0e0 00 000.000 .0 0. -.0 0E-999",
        "infinite": "inf -inf Infinity -Infinity +inf INF nan NaN -nan +NaN",
        "signs": "+1 -1 --1 +-1 - + -+ 1- 1+ (1) +.5 -.5",
        "points": "1. .5 . 1.2.3 1..2 1.e5 .e5 5e 5e+ e5 1e5 1E5 1e+5 1e-5 1e05",
        "decimal-digits": "0.1 0.12 0.123 0.1234567890123456789 1.10 1.100 123456789012345678.9",
        "cancelling": "1e17 1 -1e17 1e16 -1e16 0.1 -0.1 3",
        "leading-zeros": "007 00 01 -01 +01 0123 00.5 0000000000000000000001",
        "grouped": "1_000 1'000 1.000.000 $1 1% 1€ 0x1F 0b1 0o7 1f 1d 1L ½ ²",
        "spaced": "\u00a01 1\u00a0 1\t",
        "mixed-with-dates": "1 2024-01-01 2.5 12:30 true x",
    }
    for name, cells in numbers.items():
        add(f"number-{name}", "v\n" + "\n".join(cells.split(" ")) + "\n")
    add("number-with-spaces", "a,b\n 1,1 \n  2  ,3\n")
    add("number-grouped-with-commas", 'v\n"1,000"\n"1,000,000.50"\n"-1,5"\n')
    add("number-same-value-many-spellings", "v\n1\n1.0\n1.00\n+1\n01\n1e0\n10e-1\n0.1e1\n")
    add("number-many-distinct", "v\n" + "".join(f"{(i * 7919) % 10007}\n" for i in range(700)))
    add("number-many-repeated", "v\n" + "".join(f"{i % 3}\n" for i in range(1500)))
    add("boolean-spellings", "v\ntrue\nFALSE\nTrue\nt\nF\nyes\nNo\ny\nN\n1\n0\non\noff\n")
    add("boolean-one-letter", "v\nt\nf\nT\nF\ny\nn\n")
    dates = {
        "calendar": "2024-02-29 2023-02-29 1900-02-29 2000-02-29 2024-02-30 2024-04-31 2024-13-01 2024-00-10 2024-01-00",
        "far-years": "0000-01-01 0001-01-01 1582-10-10 1969-12-31 1970-01-01 9999-12-31 10000-01-01 -0001-01-01",
        "forms": "2024-1-2 2024/01/02 2024.01.02 20240102 01/02/2024 31/12/2024 12/31/2024 02.01.2024 2-Jan-2024 Jan/2/24",
        "locale-proofs": "01/02/2024 13/02/2024 02/13/2024 29/02/2024 02/29/2024 31.12.2024",
        "times": "00:00 23:59 24:00 23:59:59 23:59:60 12:60 1:2:3 12:30:45.123456789 12:30pm -01:00",
    }
    for name, cells in dates.items():
        add(f"date-{name}", "v\n" + "\n".join(cells.split(" ")) + "\n")
    stamps = ["2024-02-29T12:30:45", "2024-02-29 12:30:45", "2024-02-29T12:30:45Z", "2024-02-29T12:30:45+01:00",
              "2024-02-29T12:30:45-1130", "2024-02-29T12:30:45.123456789Z", "2024-02-29T24:00:00", "2024-02-29T12:30",
              "2024-02-29T", "2024-02-29T12:30:45+99:00", "2024-02-30T12:30:45", "1969-12-31T23:59:59.999999Z"]
    add("date-timestamps", "v\n" + "\n".join(stamps) + "\n")
    add("date-and-timestamp-mixed", "v\n2024-01-01\n2024-01-01T00:00:00\n2023-12-31\n")
    add("uuid-forms", "v\n123e4567-e89b-12d3-a456-426614174000\n123E4567-E89B-12D3-A456-426614174000\n"
        "{123e4567-e89b-12d3-a456-426614174000}\n123e4567e89b12d3a456426614174000\n123e4567-e89b-12d3-a456-42661417400g\n")
    add("text-formulas", 'v\n=1+1\n+cmd\n@x\n"=HYPERLINK(""http://x"")"\n')
    add("text-repeated", "v\n" + "same\n" * 400)
    add("text-top-values-tie", "v\n" + "".join(f"{chr(97 + i % 26)}{i % 50}\n" for i in range(500)))
    add("text-differs-at-the-end", "v\n" + "".join("prefix" * 20 + str(i) + "\n" for i in range(25)))
    add("text-html", 'v\n<a href="x">y</a>\n"<b>z, w</b>"\n')
    add("text-lone-spaces", "a,b\n ,  \n   , \n")


def main() -> int:
    for group in (pollock, quotes, line_endings, blank_lines, headers, encodings, utf16, shapes, values):
        group()
    wanted = {f"{name}.csv": content for name, content in sorted(FILES.items())}
    there = {path.name: path.read_bytes() for path in FOLDER.glob("*.csv")}
    if sys.argv[1:] == ["--check"]:
        differing = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
        print("\n".join(differing) or f"{len(wanted)} files are as this script makes them")
        return 1 if differing else 0
    if sys.argv[1:]:
        sys.exit(__doc__)
    for name in there.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_bytes(content)
    print(f"{len(wanted)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())

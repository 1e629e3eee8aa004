#!/usr/bin/env python3
"""tests/conformance: the script that counts the requirements of an RFC, on a document made up for it. The real
documents are not here; what the tables say of them is compared with count_requirements.py --check."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

import count_requirements

DOCUMENT = """<html><head><title>MUST not count</title><style>MUST</style></head><body>
<nav><p>Servers MUST not count what a table of contents says.</p></nav>
<section id="notation"><h2 id="rfc.section.1">1. Notation</h2>
<p>The key words "<em>MUST</em>" and "<em>SHOULD NOT</em>" are quoted here.</p></section>
<section id="lines"><h2 id="rfc.section.2">2. Lines</h2>
<p>A server <em>MUST</em> read lines (see Section 3.1 of [X]). It <em>SHOULD</em> be quick, e.g. faster than a snail.
It must be kind. A client <em>SHOULD</em> write, and <em>MUST NOT</em> sing.</p>
<pre>MUST = "grammar"</pre>
<ul><li>Recipients <em>MAY</em> sleep.</li><li>Nobody is <em>REQUIRED</em> to.</li></ul>
<section id="ends"><h3 id="rfc.section.2.10">2.10. Ends</h3><p>It is <em>RECOMMENDED</em> to end.</p></section>
<section id="begins"><h3 id="rfc.section.2.9">2.9. Begins</h3><p>A line SHALL begin.</p></section>
</section>
<section id="index"><h2 id="rfc.index">Index</h2><p>Nothing MUST be counted here.</p></section>
</body></html>"""

TABLE = """# a comment
section\tkind\twho\trequirement\tvectors\treason
section\t2\tcount\t4
2\tmust\tserver\treads\ta\t-
2\tshould\tserver\tis quick\ta\t-
2\tmust\tclient\twrites\ta\t-
2\tmust\tnobody\thas to\ta\t-
section\t2.9\tcount\t1
2.9\tmust\tline\tbegins\ta\t-
section\t2.10\tcount\t1
2.10\tshould\tline\tends\ta\t-
section\t3\tcount\t0
"""


class Counts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.document = pathlib.Path(folder.name) / "rfc.html"
        self.table = pathlib.Path(folder.name) / "rfc.tsv"
        self.document.write_text(DOCUMENT)

    def run_with(self, *arguments):
        out = io.StringIO()
        old = sys.argv
        sys.argv = ["count_requirements.py", *map(str, arguments)]
        try:
            with contextlib.redirect_stdout(out):
                code = count_requirements.main()
        except SystemExit as why:
            return 1, str(why)
        finally:
            sys.argv = old
        return code, out.getvalue()

    def check(self, table):
        self.table.write_text(table)
        return self.run_with("--check", self.table, self.document)

    def test_sentences_are_counted_by_section_in_the_order_of_the_numbers(self):
        self.assertEqual(self.run_with(self.document), (0, "2\t4\n2.9\t1\n2.10\t1\n"))

    def test_a_sentence_with_both_words_is_a_must(self):
        kinds = [kind for kind, _ in count_requirements.requirements(self.document)["2"]]
        self.assertEqual(kinds, ["must", "should", "must", "must"])

    def test_a_table_that_agrees_passes(self):
        self.assertEqual(self.check(TABLE), (0, "6 requirements in 3 sections: the table agrees\n"))

    def test_a_missing_section_is_seen(self):
        code, said = self.check(TABLE.replace("section\t2.9\tcount\t1\n2.9\tmust\tline\tbegins\ta\t-\n", ""))
        self.assertEqual(code, 1)
        self.assertIn("section 2.9: the table has nothing", said)

    def test_a_section_too_many_is_seen(self):
        code, said = self.check(TABLE + "section\t4\tcount\t1\n4\tmust\tserver\tflies\ta\t-\n")
        self.assertEqual(code, 1)
        self.assertIn("section 4: the table has ['must'], the document nothing", said)

    def test_a_wrong_kind_is_seen(self):
        self.assertEqual(self.check(TABLE.replace("2\tshould\tserver", "2\tmust\tserver"))[0], 1)

    def test_a_count_that_its_lines_do_not_add_up_to_is_seen(self):
        code, said = self.check(TABLE.replace("section\t2\tcount\t4", "section\t2\tcount\t5"))
        self.assertEqual(code, 1)
        self.assertIn("section 2 has 4 lines and counts 5", said)


if __name__ == "__main__":
    unittest.main()

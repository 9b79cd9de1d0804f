#!/bin/sh
# From an empty folder to the first result in Octane that is linked to a story. It needs `octane` on the PATH and no server: the sandbox in
# the program is the server. Against your own, set OCTANE_URL, OCTANE_CLIENT_ID and OCTANE_CLIENT_SECRET, remove `--sandbox`, and use a
# Jira key that one of your stories has.
set -eu

start=$(date +%s)
cd "$(mktemp -d)"

# A report, as a test runner would write it.
cat > results.xml <<'REPORT'
<testsuite name="cart">
  <testcase classname="shop.cart.TotalsTest" name="adds tax" time="0.12">
    <properties><property name="jira" value="SHOP-101"/></properties>
  </testcase>
</testsuite>
REPORT

octane upload results.xml --sandbox --suite Nightly --suite-run first-upload -y

# What the server has now: the run, and the story that it is linked to.
octane run list --sandbox --suite-run first-upload
octane jira resolve SHOP-101 --sandbox

echo "first linked upload after $(($(date +%s) - start)) s"

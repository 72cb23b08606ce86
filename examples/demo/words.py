"""What the demo itself says, in the language of whoever starts it."""

from __future__ import annotations

import os

ENGLISH = {
    "workspace": """
Funade's demo is open in your browser: {address}/#U0ADA/C0DEPLOY
It is a workspace like Slack, on this machine alone; Funade is in it over the same sockets as in the real one.
You are Ada. Above, you become somebody else: Bob may deploy nothing, Cy agrees to what goes to production,
Hana reads Japanese, Gus is a guest, and Sam is of another company.

Say in #deploy-shop, line by line:

  @funade deploy shop to staging
  @funade deploy broken of shop to staging
  @funade why
  @funade rollback shop staging
  @funade deploy shop to production         and then, as Cy, press Approve

or press the lightning for the form, or open Funade's home. {url}/staging/ shows what runs.
Everything is in {folder}. Ctrl-C ends it.
""",
    "terminal": """
Funade's demo. In {folder} lie
  shop/          a git repository: branches `main` and `broken`, tag `v1.0.0`, commits by Ada, Bob and Cy
  place/         where it is deployed to; {url}/staging/ shows what runs there
  funade.yaml    the configuration
A server runs, its log is {folder}/serve.log. You are Ada, and here alone you may also speak as the others.
Try, line by line:

  deploy shop to staging
  deploy broken of shop to staging
  why
  rollback shop staging
  as bob: lock shop production because migrating the database
  deploy shop to production
  as cy: unlock shop production --force because bob has gone home
  deploy shop to production
  as cy: approve 5
  who may deploy shop to production
  history
  status
  help

Ctrl-D ends it.
""",
    "no browser": "No browser can be opened here: this is the prompt. `--no-open` serves the workspace all the same.",
    "setting up": "Setting up (once; some megabytes from PyPI) …",
}
JAPANESE = {
    "workspace": """
Funade（船出）のデモをブラウザで開きました: {address}/#U0ADA/C0DEPLOY
この機械の中だけで動く、Slack によく似たワークスペースです。
Funade は本物の Slack とまったく同じ経路でここにつながっています。
あなたは Ada です。画面の上で別の人になれます。Bob には何もデプロイする権限がなく、Cy は本番へのデプロイを承認し、
Hana は日本語で読み、Gus はゲスト、Sam は別の会社の人です。

#deploy-shop で、1 行ずつ話しかけてみてください。

  @funade deploy shop to staging
  @funade deploy broken of shop to staging
  @funade why
  @funade rollback shop staging
  @funade deploy shop to production         そのあと Cy になって「承認」を押します

稲妻のボタンからフォームを開くことも、Funade のホームを見ることもできます。
いま動いているものは {url}/staging/ で見られます。
ファイルはすべて {folder} にあります。Ctrl-C で終わります。
""",
    "terminal": """
Funade（船出）のデモです。{folder} に次のものがあります。
  shop/          git リポジトリ（ブランチ `main` と `broken`、タグ `v1.0.0`、Ada・Bob・Cy のコミット）
  place/         デプロイ先。いま動いているものは {url}/staging/ で見られます
  funade.yaml    設定
サーバーが動いています。ログは {folder}/serve.log です。
あなたは Ada です。このデモでだけ、ほかの人としても話せます。
1 行ずつ試してみてください。

  deploy shop to staging
  deploy broken of shop to staging
  why
  rollback shop staging
  as bob: lock shop production because migrating the database
  deploy shop to production
  as cy: unlock shop production --force because bob has gone home
  deploy shop to production
  as cy: approve 5
  who may deploy shop to production
  history
  status
  help

Ctrl-D で終わります。
""",
    "no browser": "ブラウザを開けないので、プロンプトで始めます。`--no-open` でワークスペースだけを動かせます。",
    "setting up": "準備しています（初回だけ、PyPI から数 MB を取得します）…",
}


def said(what: str) -> str:
    """Return it in Japanese where the system says so, else in English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return (JAPANESE if os.environ[name].startswith("ja") else ENGLISH)[what]
    return ENGLISH[what]

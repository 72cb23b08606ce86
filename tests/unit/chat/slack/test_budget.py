from funade.chat.slack.budget import Bucket, Budget


def test_a_bucket_gives_some_at_once_and_then_one_at_a_time():
    bucket = Bucket(size=2, every_seconds=10)
    assert bucket.wait(0) == 0
    bucket.take(0)
    bucket.take(0)
    assert bucket.wait(0) == 10
    assert bucket.wait(4) == 6
    assert bucket.wait(10) == 0


def test_thirty_deployments_at_once_stay_under_slacks_budget_and_all_come_to_their_end():
    now = 0.0
    budget = Budget(lambda: now)
    edits: list[float] = []
    ended: set[int] = set()
    while now < 120:
        for card in range(30):
            is_last = now > 60 and card not in ended
            if card in ended or budget.wait_to_edit(f"card:{card}", is_last=is_last) > 0:
                continue
            budget.edited(f"card:{card}")
            edits.append(now)
            if is_last:
                ended.add(card)
        now += 0.25
    assert ended == set(range(30))
    for start in range(61):
        assert len([at for at in edits if start <= at < start + 60]) <= 52


def test_nothing_is_sent_while_slack_says_so_and_one_card_changes_not_too_often():
    now = 0.0
    budget = Budget(lambda: now)
    budget.edited("card:1")
    assert budget.wait_to_edit("card:1", is_last=False) == 3
    assert budget.wait_to_edit("card:1", is_last=True) == 0
    budget.close("chat.update", 30)
    assert budget.wait_to_edit("card:1", is_last=True) == 30
    budget.close("chat.postMessage", 5)
    assert budget.wait_to_post("C1") == 5


def test_an_answer_has_its_place_before_everything_that_can_wait():
    now = [0.0]
    budget = Budget(lambda: now[0])
    waits = [budget.reserve_post("C1") for _ in range(10)]
    assert waits == [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]
    assert budget.wait_to_post("C1") == 7
    assert budget.wait_to_post("C2") == 0
    now[0] = 7.0
    assert budget.wait_to_post("C1") == 0

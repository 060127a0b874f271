"""Answers to the exercises of "Online softmax": mistakes that people make, and other right ways.

As in the notebook, `torch`, `math` and `inf` are there.
"""
# ruff: noqa: E741, F821

from autograder.answers import right, wrong

# safe_softmax -------------------------------------------------------------------------------


@wrong("safe_softmax", caught_by="safe_softmax_large_logits", says="Subtract the largest")
def exponentiates_as_they_are(x):
    weights = torch.exp(x)
    total = weights.sum(dim=-1, keepdim=True)
    return torch.where(total == 0, 0.0, weights / total)


@wrong("safe_softmax", caught_by="safe_softmax_each_row_by_itself", says="own maximum")
def subtracts_one_maximum_for_all(x):
    m = x.max()
    weights = torch.exp(x - (0.0 if m == -inf else m))
    total = weights.sum(dim=-1, keepdim=True)
    return weights / torch.where(total == 0, 1.0, total)


@wrong("safe_softmax", caught_by="safe_softmax_each_row_by_itself", says="last axis")
def goes_down_the_columns(x):
    m = x.amax(dim=0, keepdim=True)
    weights = torch.exp(x - torch.where(m == -inf, 0.0, m))
    total = weights.sum(dim=0, keepdim=True)
    return weights / torch.where(total == 0, 1.0, total)


@wrong("safe_softmax", caught_by="safe_softmax_masked_logits", says="NaN")
def forgets_the_masked_row(x):
    weights = torch.exp(x - x.amax(dim=-1, keepdim=True))
    return weights / weights.sum(dim=-1, keepdim=True)


@wrong("safe_softmax", caught_by="safe_softmax_masked_logits", says="weight 0")
def shares_out_a_masked_row(x):
    m = x.amax(dim=-1, keepdim=True)
    weights = torch.where(m == -inf, 1.0, torch.exp(x - m))
    return weights / weights.sum(dim=-1, keepdim=True)


@wrong("safe_softmax", caught_by="safe_softmax_large_logits", says="largest exponent")
def begins_the_maximum_at_zero(x):
    m = x.amax(dim=-1, keepdim=True).clamp(min=0.0)
    weights = torch.exp(x - m)
    total = weights.sum(dim=-1, keepdim=True)
    return weights / torch.where(total == 0, 1.0, total)


@wrong("safe_softmax", caught_by="safe_softmax_large_logits", says="exponential")
def clamps_the_logits(x):
    weights = torch.exp(x.clamp(-80, 80)) * (x > -inf)
    total = weights.sum(dim=-1, keepdim=True)
    return weights / torch.where(total == 0, 1.0, total)


@wrong("safe_softmax", caught_by="safe_softmax_large_logits", says="calls softmax")
def lets_torch_do_it(x):
    return torch.softmax(x, dim=-1).nan_to_num(0.0)


@wrong("safe_softmax", caught_by="safe_softmax_masked_logits", says="calls logsumexp")
def lets_logsumexp_do_it(x):
    return torch.exp(x - torch.logsumexp(x, dim=-1, keepdim=True)).nan_to_num(0.0)


@right("safe_softmax")
def replaces_nan_afterwards(x):
    weights = torch.exp(x - x.max(dim=-1, keepdim=True).values)
    return (weights / weights.sum(dim=-1, keepdim=True)).nan_to_num(0.0)


@right("safe_softmax")
def row_by_row(x):
    result = torch.zeros_like(x)
    for row, out in zip(x.reshape(-1, x.shape[-1]), result.view(-1, x.shape[-1]), strict=True):
        if row.max() > -inf:
            weights = (row - row.max()).exp()
            out.copy_(weights / weights.sum())
    return result


@right("safe_softmax")
def in_float64(x):
    wide = x.double()
    m = wide.amax(-1, keepdim=True).clamp(min=-1e300)
    weights = torch.exp(wide - m)
    return (weights / weights.sum(-1, keepdim=True).clamp(min=1e-300)).to(x.dtype)


# logsumexp_rows -----------------------------------------------------------------------------


@wrong("logsumexp_rows", caught_by="logsumexp_rows_adds_the_maximum_back", says="factor out")
def takes_no_maximum_out(x):
    return torch.log(torch.exp(x).sum(dim=-1))


@wrong("logsumexp_rows", caught_by="logsumexp_rows_adds_the_maximum_back", says="added again")
def does_not_add_it_back(x):
    m = x.amax(dim=-1, keepdim=True)
    return torch.log(torch.exp(x - torch.where(m == -inf, 0.0, m)).sum(dim=-1))


@wrong("logsumexp_rows", caught_by="logsumexp_rows_adds_the_maximum_back", says="added again")
def multiplies_it_back(x):
    m = x.amax(dim=-1)
    safe = torch.where(m == -inf, 0.0, m)
    return safe * torch.log(torch.exp(x - safe[..., None]).sum(dim=-1))


@wrong("logsumexp_rows", caught_by="logsumexp_rows_adds_the_maximum_back", says="ln")
def takes_the_logarithm_to_base_2(x):
    m = x.amax(dim=-1)
    safe = torch.where(m == -inf, 0.0, m)
    return safe + torch.log2(torch.exp(x - safe[..., None]).sum(dim=-1))


@wrong("logsumexp_rows", caught_by="logsumexp_rows_one_number_a_row", says="shape")
def keeps_the_axis(x):
    m = x.amax(dim=-1, keepdim=True)
    safe = torch.where(m == -inf, 0.0, m)
    return safe + torch.log(torch.exp(x - safe).sum(dim=-1, keepdim=True))


@wrong("logsumexp_rows", caught_by="logsumexp_rows_one_number_a_row", says="own maximum")
def has_one_maximum_for_all(x):
    m = x.max()
    m = torch.where(m == -inf, 0.0, m)
    return m + torch.log(torch.exp(x - m).sum(dim=-1))


@wrong("logsumexp_rows", caught_by="logsumexp_rows_masked_rows", says="NaN")
def forgets_the_fully_masked(x):
    m = x.amax(dim=-1)
    return m + torch.log(torch.exp(x - m[..., None]).sum(dim=-1))


@wrong("logsumexp_rows", caught_by="logsumexp_rows_masked_rows", says="−∞")
def gives_zero_for_masked(x):
    m = x.amax(dim=-1)
    return (m + torch.log(torch.exp(x - m[..., None]).sum(dim=-1))).nan_to_num(0.0)


@wrong("logsumexp_rows", caught_by="logsumexp_rows_masked_rows", says="−∞")
def adds_a_small_number(x):
    m = x.amax(dim=-1)
    safe = torch.where(m == -inf, 0.0, m)
    return safe + torch.log(torch.exp(x - safe[..., None]).sum(dim=-1) + 1e-30)


@wrong("logsumexp_rows", caught_by="logsumexp_rows_adds_the_maximum_back", says="calls logsumexp")
def asks_torch(x):
    return x.logsumexp(dim=-1)


@right("logsumexp_rows")
def one_logit_after_the_other(x):
    m = torch.full_like(x[..., 0], -inf)
    total = torch.zeros_like(m)
    for logit in x.unbind(-1):
        new = torch.maximum(m, logit)
        safe = new.clamp(min=-3e38)
        total = total * torch.exp(m - safe) + torch.exp(logit - safe)
        m = new
    return torch.where(m == -inf, m, m + torch.log(total))


@right("logsumexp_rows")
def after_sorting(x):
    rows = x.double().sort(dim=-1).values
    top = rows[..., -1:].clamp(min=-1e300)
    return (top[..., 0] + (rows - top).exp().sum(-1).log()).to(x.dtype)


# online_softmax -----------------------------------------------------------------------------


@wrong("online_softmax", caught_by="online_softmax_rescales", says="Multiply both sums")
def never_rescales(stream):
    m, l, a = -inf, 0.0, 0.0
    for x, v in stream:
        m = max(m, x)
        if x > -inf:
            l, a = l + math.exp(x - m), a + math.exp(x - m) * v
    return m, l, a


@wrong("online_softmax", caught_by="online_softmax_rescales", says="both sums")
def rescales_only_the_sum(stream):
    m, l, a = -inf, 0.0, 0.0
    for x, v in stream:
        if x > -inf:
            new = max(m, x)
            l = l * math.exp(m - new) + math.exp(x - new)
            a, m = a + math.exp(x - new) * v, new
    return m, l, a


@wrong("online_softmax", caught_by="online_softmax_rescales", says="e^(m − m')")
def rescales_the_wrong_way(stream):
    m, l, a = -inf, 0.0, 0.0
    for x, v in stream:
        if x > -inf:
            new = max(m, x)
            c = math.exp(new - m) if m > -inf else 0.0
            l, a, m = l * c + math.exp(x - new), a * c + math.exp(x - new) * v, new
    return m, l, a


@wrong("online_softmax", caught_by="online_softmax_rescales", says="before the new term")
def rescales_the_new_term_too(stream):
    m, l, a = -inf, 0.0, 0.0
    for x, v in stream:
        if x > -inf:
            new = max(m, x)
            c = math.exp(m - new)
            weight = math.exp(x - m) if m > -inf else 1.0
            l, a, m = (l + weight) * c, (a + weight * v) * c, new
    return m, l, a


@wrong("online_softmax", caught_by="online_softmax_any_range", says="begins at −∞")
def begins_at_zero(stream):
    m, l, a = 0.0, 0.0, 0.0
    for x, v in stream:
        new = max(m, x)
        c, weight = math.exp(m - new), math.exp(x - new)
        m, l, a = new, l * c + weight, a * c + weight * v
    return (m, l, a) if l else (-inf, 0.0, 0.0)


@wrong("online_softmax", caught_by="online_softmax_any_range", says="overflows")
def has_no_maximum_until_the_end(stream):
    m, l, a = -inf, 0.0, 0.0
    for x, v in stream:
        m, l, a = max(m, x), l + math.exp(x), a + math.exp(x) * v
    return (m, l * math.exp(-m), a * math.exp(-m)) if m > -inf else (m, l, a)


@wrong("online_softmax", caught_by="online_softmax_masked", says="NaN")
def subtracts_infinity_from_itself(stream):
    m, l, a = -inf, 0.0, 0.0
    for x, v in stream:
        new = max(m, x)
        c, weight = math.exp(m - new), math.exp(x - new)
        m, l, a = new, l * c + weight, a * c + weight * v
    return m, l, a


@wrong("online_softmax", caught_by="online_softmax_masked", says="weight 0")
def counts_leading_masked_logits(stream):
    m, l, a = -1e30, 0.0, 0.0
    for x, v in stream:
        x = max(x, -1e30)
        new = max(m, x)
        c, weight = math.exp(m - new), math.exp(x - new)
        m, l, a = new, l * c + weight, a * c + weight * v
    return m, l, a


@wrong("online_softmax", caught_by="online_softmax_one_pass", says="as long as the stream")
def keeps_the_whole_stream(stream):
    pairs = [(x, v) for x, v in stream if x > -inf]
    if not pairs:
        return -inf, 0.0, 0.0
    m = float(max(x for x, _ in pairs))
    weights = [math.exp(x - m) for x, _ in pairs]
    return m, math.fsum(weights), math.fsum(w * v for w, (_, v) in zip(weights, pairs, strict=True))


@wrong("online_softmax", caught_by="online_softmax_one_pass", says="only once")
def goes_through_it_twice(stream):
    m = max((x for x, _ in stream), default=-inf)
    pairs = [(x, v) for x, v in stream if x > -inf]
    weights = [math.exp(x - m) for x, _ in pairs]
    return m, math.fsum(weights), math.fsum(w * v for w, (_, v) in zip(weights, pairs, strict=True))


@wrong("online_softmax", caught_by="online_softmax_rescales", says="Expected")
def returns_the_mean(stream):
    m, l, a = -inf, 0.0, 0.0
    for x, v in stream:
        if x > -inf:
            new = max(m, x)
            c, weight = math.exp(m - new), math.exp(x - new)
            m, l, a = new, l * c + weight, a * c + weight * v
    return m, l, a / l if l else 0.0


@wrong("online_softmax", caught_by="online_softmax_rescales", says="Multiply both sums")
def always_gives_the_example(stream):
    return 0.0, 2.0, 30.0


@right("online_softmax")
def branches_on_a_new_maximum(stream):
    m, l, a = -inf, 0.0, 0.0
    for x, v in stream:
        if x > m:
            shrink = math.exp(m - x)
            m, l, a = float(x), l * shrink + 1.0, a * shrink + v
        elif x > -inf:
            weight = math.exp(x - m)
            l, a = l + weight, a + weight * v
    return m, l, a


@right("online_softmax")
def merges_states_of_one(stream):
    def merge(one, other):
        m = max(one[0], other[0])
        if m == -inf:
            return one
        c, d = math.exp(one[0] - m), math.exp(other[0] - m)
        return m, c * one[1] + d * other[1], c * one[2] + d * other[2]

    state = (-inf, 0.0, 0.0)
    for x, v in stream:
        state = merge(state, (float(x), 0.0 if x == -inf else 1.0, 0.0 if x == -inf else v))
    return state


@right("online_softmax")
def keeps_the_mean_and_multiplies_at_the_end(stream):
    m, l, o = -inf, 0.0, 0.0
    for x, v in stream:
        if x == -inf:
            continue
        new = max(m, x)
        old, weight = l * math.exp(m - new), math.exp(x - new)
        l = old + weight
        o = (old * o + weight * v) / l
        m = new
    return m, l, o * l


# merge_states -------------------------------------------------------------------------------


@wrong("merge_states", caught_by="merge_states_one_maximum", says="same maximum")
def only_adds(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    return torch.maximum(m1, m2), l1 + l2, a1 + a2


@wrong("merge_states", caught_by="merge_states_one_maximum", says="its l and its a")
def rescales_the_sums_only(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    m = torch.maximum(m1, m2)
    safe = torch.where(m == -inf, 0.0, m)
    return m, torch.exp(m1 - safe) * l1 + torch.exp(m2 - safe) * l2, a1 + a2


@wrong("merge_states", caught_by="merge_states_one_maximum", says="its own m")
def swaps_the_factors(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    m = torch.maximum(m1, m2)
    safe = torch.where(m == -inf, 0.0, m)
    c1, c2 = torch.exp(m2 - safe), torch.exp(m1 - safe)
    return m, c1 * l1 + c2 * l2, c1[:, None] * a1 + c2[:, None] * a2


@wrong("merge_states", caught_by="merge_states_empty_parts", says="NaN")
def forgets_that_both_may_be_empty(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    m = torch.maximum(m1, m2)
    c1, c2 = torch.exp(m1 - m), torch.exp(m2 - m)
    return m, c1 * l1 + c2 * l2, c1[:, None] * a1 + c2[:, None] * a2


@wrong("merge_states", caught_by="merge_states_empty_parts", says="m stays −∞")
def begins_with_zero_for_empty(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    m = torch.maximum(m1, m2)
    m = torch.where(m == -inf, 0.0, m)
    c1, c2 = torch.exp(m1 - m), torch.exp(m2 - m)
    return m, c1 * l1 + c2 * l2, c1[:, None] * a1 + c2[:, None] * a2


@wrong("merge_states", caught_by="merge_states_any_grouping", says="divide by l only once")
def divides_by_the_sum(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    m = torch.maximum(m1, m2)
    safe = torch.where(m == -inf, 0.0, m)
    c1, c2 = torch.exp(m1 - safe), torch.exp(m2 - safe)
    l = c1 * l1 + c2 * l2
    a = c1[:, None] * a1 + c2[:, None] * a2
    return m, l, a / torch.where(l == 0, 1.0, l)[:, None]


@wrong("merge_states", caught_by="merge_states_any_range", says="20 000 apart")
def measures_against_zero(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    m = torch.maximum(m1, m2)
    c1, c2, c = torch.exp(m1), torch.exp(m2), torch.exp(-torch.where(m == -inf, 0.0, m))
    return m, c * (c1 * l1 + c2 * l2), c[:, None] * (c1[:, None] * a1 + c2[:, None] * a2)


@wrong("merge_states", caught_by="merge_states_any_range", says="never")
def measures_the_first_against_the_second(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    gap = torch.exp((m2 - m1).nan_to_num(0.0))
    scale = torch.exp(m1 - torch.maximum(m1, m2)).nan_to_num(0.0)
    l, a = (l1 + gap * l2) * scale, (a1 + gap[:, None] * a2) * scale[:, None]
    return torch.maximum(m1, m2), l, a


@wrong("merge_states", caught_by="merge_states_one_maximum", says="Shrink")
def keeps_the_first_maximum(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    c = torch.exp((m2 - m1).nan_to_num(0.0))
    return m1, l1 + c * l2, a1 + c[:, None] * a2


@wrong("merge_states", caught_by="merge_states_any_grouping", says="all keys together")
def returns_the_first_part(first, second):
    return first


@right("merge_states")
def shrinks_only_the_lower_part(first, second):
    (m1, l1, a1), (m2, l2, a2) = first, second
    higher = (m1 >= m2)[:, None]
    m, low = torch.maximum(m1, m2), torch.minimum(m1, m2)
    c = torch.where(low == -inf, 0.0, torch.exp(low - m))
    l = torch.where(higher[:, 0], l1 + c * l2, l2 + c * l1)
    return m, l, torch.where(higher, a1 + c[:, None] * a2, a2 + c[:, None] * a1)


@right("merge_states")
def by_row(first, second):
    rows = []
    for (m1, l1, a1), (m2, l2, a2) in zip(
        zip(*first, strict=True), zip(*second, strict=True), strict=True
    ):
        if m2 == -inf:
            rows.append((m1, l1, a1))
        elif m1 == -inf:
            rows.append((m2, l2, a2))
        else:
            m = max(m1, m2)
            c, d = torch.exp(m1 - m), torch.exp(m2 - m)
            rows.append((m, c * l1 + d * l2, c * a1 + d * a2))
    return tuple(torch.stack(column) for column in zip(*rows, strict=True))


@right("merge_states")
def stacks_the_parts(first, second):
    m, l, a = (torch.stack(pair) for pair in zip(first, second, strict=True))
    top = m.amax(0)
    c = torch.exp(m - top.clamp(min=-1e300))
    return top, (c * l).sum(0), (c[..., None] * a).sum(0)

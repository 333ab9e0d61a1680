-- every reply of the ledger with all that is known of it
select
    completion_key,
    role,
    model,
    reported_model,
    engine,
    text,
    finish_reason,
    fingerprint,
    prompt_tokens,
    completion_tokens,
    intended_act,
    usd,
    latency_s,
    made_at,
    reservation_id,
    n_normalised,
    n_cut_bytes,
    usage,
    prompt_is_cut,
    cached_tokens,
    cache_write_tokens
from play.completions
order by completion_key

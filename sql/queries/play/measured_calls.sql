-- what calls were like so far: lengths and seconds, per model and role
select
    model,
    role,
    count(*)::bigint as n,
    avg(prompt_tokens)::double as prompt_tokens,
    avg(completion_tokens)::double as reply_tokens,
    case
        when count(cached_tokens) > 0
        then sum(cached_tokens) / nullif(sum(prompt_tokens) filter (where cached_tokens is not null), 0)
    end::double as cached_share,
    quantile_cont(latency_s, 0.25)::double as latency_lo,
    avg(latency_s)::double as latency,
    quantile_cont(latency_s, 0.75)::double as latency_hi
from play.completions
group by model, role
order by model, role

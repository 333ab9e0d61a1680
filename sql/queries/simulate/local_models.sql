-- the local weights in the store; they are reproducible where they were only ever asked one call after another, each computed whole
select
    model,
    name,
    quantization,
    weights_sha256,
    source,
    revision,
    licence,
    served_by,
    bool_and(n_slots = 1 and not prefix_cache) as is_reproducible
from play.local_models
group by all
order by model, source, revision, served_by

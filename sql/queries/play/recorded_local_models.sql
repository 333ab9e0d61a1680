select
    served_key,
    model,
    name,
    quantization,
    weights_sha256,
    source,
    revision,
    licence,
    served_by,
    n_slots,
    prefix_cache
from play.local_models
order by served_key

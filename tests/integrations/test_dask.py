"""A Dask cluster of several processes works on the files of a share."""

from __future__ import annotations

import os

import dask.bag
import dask.bytes
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from dask.distributed import Client, LocalCluster
from pandas.testing import assert_frame_equal

WORKERS = 3
FILES = 24
ROWS = 5_000


@pytest.fixture(scope='module')
def client():
    """A cluster whose workers are processes of their own."""
    with (
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=2, processes=True, dashboard_address=None, memory_limit=0
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def tables(share):
    """The tables of a folder of CSV files on the share."""
    random = np.random.default_rng(11)
    (share.local / 'in').mkdir()
    tables = []
    for number in range(FILES):
        table = pd.DataFrame(
            {
                'file': number,
                'row': np.arange(ROWS),
                'value': random.integers(0, 1000, size=ROWS),
                'name': random.choice(['Zürich', 'Łódź', '東京'], size=ROWS),
            }
        )
        table.to_csv(share.local / 'in' / f'{number:03}.csv', index=False)
        tables.append(table)
    return tables


def connections_of_workers(client):
    """How many connections each worker process has made, by its id."""

    def count():
        from smb.fsspec import SMBFileSystem

        return os.getpid(), sum(len(fs._pool) for fs in SMBFileSystem._cache.values())

    return dict(client.run(count).values())


def test_a_folder_is_read_from_a_share_and_written_back_by_several_processes(client, share, tables):
    frame = dd.read_csv(f'{share.url}/in/*.csv', storage_options=share.options)
    frame = frame.assign(double=frame['value'] * 2)
    frame.to_parquet(f'{share.url}/out', storage_options=share.options, write_index=False)
    by_name = frame.groupby('name')['double'].sum().compute()

    local = pd.concat(tables, ignore_index=True)
    local = local.assign(double=local['value'] * 2)
    assert by_name.to_dict() == local.groupby('name')['double'].sum().to_dict()
    written = pd.read_parquet(share.local / 'out')  # from the server's disk
    again = dd.read_parquet(f'{share.url}/out', storage_options=share.options).compute()
    for found in (written, again):
        found = found.sort_values(['file', 'row'], ignore_index=True).astype({'name': 'object'})
        assert_frame_equal(found, local.astype({'name': 'object'}), check_dtype=False)
    assert len(list((share.local / 'out').glob('*.parquet'))) == FILES

    made = connections_of_workers(client)
    assert len(made) == WORKERS and os.getpid() not in made
    assert all(made.values()), f'not all processes have taken part: {made}'


def test_the_parts_of_a_large_file_are_read_by_several_processes(client, share):
    lines = [f'{number},{number * number}\n' for number in range(200_000)]
    (share.local / 'large.csv').write_text('a,b\n' + ''.join(lines))
    frame = dd.read_csv(f'{share.url}/large.csv', blocksize=200_000, storage_options=share.options)
    assert frame.npartitions > 5
    assert int(frame['b'].sum().compute()) == sum(number * number for number in range(200_000))


def test_bags_of_lines_go_from_share_to_share(client, share, server):
    for number in range(6):
        (share.local / f'{number}.txt').write_text(''.join(f'{number} {line}\n' for line in range(1000)))
    bag = dask.bag.read_text(f'{share.url}/*.txt', storage_options=share.options).map(str.strip)
    target = share.url.replace('smbtest', 'public')
    written = bag.to_textfiles(f'{target}/*.gz', storage_options=share.options)
    assert len(written) == 6
    back = dask.bag.read_text(f'{target}/*.gz', storage_options=share.options).compute()
    assert [line.strip() for line in back] == [f'{number} {line}' for number in range(6) for line in range(1000)]


def test_a_file_system_that_was_used_goes_to_the_workers(client, share):
    share.fs.pipe_file(f'{share.path}/file', b'content')
    reads = client.map(lambda number, fs, path: fs.cat_file(path, number), range(7), fs=share.fs,
                       path=f'{share.path}/file')  # fmt: skip
    assert client.gather(reads) == [b'content'[number:] for number in range(7)]


def test_an_error_of_a_worker_arrives_as_what_it_is(client, share):
    with pytest.raises(FileNotFoundError, match='gone'):
        client.submit(share.fs.cat_file, f'{share.path}/gone').result()

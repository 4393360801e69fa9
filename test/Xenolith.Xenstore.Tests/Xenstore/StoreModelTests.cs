using System.Collections.Immutable;
using System.Text;
using Xenolith.Simulation.Xenstore;
using Xenolith.Xenstore;

namespace Xenolith.Tests.Xenstore;

/// <summary>
/// Random requests of several clients, some inside transactions, against a dictionary: every answer is what the dictionary gives, and a transaction
/// that commits is as if it had happened at its commit.
/// </summary>
public sealed class StoreModelTests
{
    private const int Clients = 3;
    private static readonly string[] s_paths = ["/a", "/b", "/a/x", "/a/y", "/a/x/1", "/b/x/2", "/c/d/e"];

    private static readonly Gen<Step> s_step = Gen.Select(
        Gen.Int[0, Clients - 1],
        Gen.Enum<Operation>(),
        Gen.Int[0, s_paths.Length - 1],
        Gen.Int[0, 9],
        (client, operation, path, value) => new Step(client, operation, s_paths[path], $"{value}"));

    private enum Operation
    {
        Read,
        Write,
        MakeDirectory,
        Remove,
        List,
        Begin,
        Commit,
        Discard,
    }

    private sealed record Step(int Client, Operation Operation, string Path, string Value);

    [Fact]
    public async Task The_store_behaves_as_a_dictionary_with_serialisable_transactions() =>
        await s_step.Array[1, 60].SampleAsync(RunAsync, iter: 1_500, threads: 1);

    private static async Task RunAsync(Step[] steps)
    {
        InMemoryXenstored daemon = new();
        List<XenstoreClient> clients = [];
        XenstoreTransaction?[] open = new XenstoreTransaction?[Clients];
        List<(Step Step, string Result)>[] done = [[], [], []];
        int[] begunAt = new int[Clients];
        int changes = 0; // requests that may have changed the store
        Model store = Model.Empty;
        for (int index = 0; index < Clients; index++)
            clients.Add(await XenstoreClient.ConnectAsync(daemon.CreateTransport(0)));

        foreach (Step step in steps)
        {
            int client = step.Client;
            XenstoreTransaction? transaction = open[client];
            switch (step.Operation)
            {
                case Operation.Begin:
                    if (transaction is null)
                    {
                        open[client] = await clients[client].StartTransactionAsync();
                        done[client].Clear();
                        begunAt[client] = changes;
                    }

                    break;
                case Operation.Commit when transaction is not null:
                    if (await transaction.CommitAsync())
                    {
                        foreach ((Step earlier, string result) in done[client])
                        {
                            changes += IsChange(earlier) ? 1 : 0;
                            (store, string replayed) = store.Apply(earlier);
                            Assert.Equal(replayed, result);
                        }
                    }
                    else
                    {
                        Assert.NotEqual(begunAt[client], changes); // no conflict where nothing changed
                    }

                    open[client] = null;
                    break;
                case Operation.Discard when transaction is not null:
                    await transaction.DisposeAsync();
                    open[client] = null;
                    break;
                case Operation.Commit or Operation.Discard:
                    break;
                default:
                    string actual = await PerformAsync(transaction is null ? clients[client] : transaction, step);
                    if (transaction is null)
                    {
                        changes += IsChange(step) ? 1 : 0;
                        (store, string expected) = store.Apply(step);
                        Assert.Equal(expected, actual);
                    }
                    else
                    {
                        done[client].Add((step, actual));
                    }

                    break;
            }
        }

        foreach (XenstoreClient client in clients)
            await client.DisposeAsync();
        Assert.Equal((0, 0), (daemon.ConnectionCount, daemon.TransactionCount));
    }

    private static bool IsChange(Step step) => step.Operation is Operation.Write or Operation.MakeDirectory or Operation.Remove;

    private static async Task<string> PerformAsync(XenstoreOperations store, Step step)
    {
        switch (step.Operation)
        {
            case Operation.Read:
                return await store.ReadAsync(step.Path) ?? "none";
            case Operation.Write:
                await store.WriteAsync(step.Path, step.Value);
                return "";
            case Operation.MakeDirectory:
                await store.MakeDirectoryAsync(step.Path);
                return "";
            case Operation.Remove:
                return $"{await store.RemoveAsync(step.Path)}";
            default:
                return await store.ListAsync(step.Path) is { } names ? string.Join(' ', names.Order()) : "none";
        }
    }

    /// <summary>Values by path; a node's ancestors are there too.</summary>
    private readonly record struct Model(ImmutableDictionary<string, string> Values)
    {
        public static Model Empty { get; } = new(ImmutableDictionary<string, string>.Empty);

        public (Model After, string Result) Apply(Step step)
        {
            string path = step.Path;
            switch (step.Operation)
            {
                case Operation.Read:
                    return (this, Values.GetValueOrDefault(path) ?? "none");
                case Operation.Write:
                    return (new Model(WithAncestors(path).SetItem(path, step.Value)), "");
                case Operation.MakeDirectory:
                    return (Values.ContainsKey(path) ? this : new Model(WithAncestors(path).SetItem(path, "")), "");
                case Operation.Remove:
                    bool existed = Values.ContainsKey(path);
                    return (existed ? new Model(Values.RemoveRange(Values.Keys.Where(key => key == path || key.StartsWith(path + "/")))) : this, $"{existed}");
                default:
                    IEnumerable<string> children = Values.Keys.Where(key => key.LastIndexOf('/') == path.Length && key.StartsWith(path));
                    return (this, Values.ContainsKey(path) ? string.Join(' ', children.Select(key => key[(path.Length + 1)..]).Order()) : "none");
            }
        }

        private ImmutableDictionary<string, string> WithAncestors(string path)
        {
            ImmutableDictionary<string, string> values = Values;
            for (int slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
            {
                if (!values.ContainsKey(path[..slash]))
                    values = values.Add(path[..slash], "");
            }

            return values;
        }
    }
}

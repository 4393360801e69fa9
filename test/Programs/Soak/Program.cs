// Every part of the runtime at work together, for a long time: the argument says how many minutes. The work stops every minute (in a short run more
// often), when all of it has to balance and memory is measured at rest. Lines that begin with "out " are a part of the work, the others report.
//
//   Soak MINUTES             the above
//   Soak journey             the same work in a domain that is saved, restored and migrated meanwhile
//   Soak clock DOMAIN MOST   as a process in dom0: measures the clock of a domain that answers
using System.Diagnostics;
using System.Globalization;
using Soak;
using Xenolith;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
switch (args)
{
    case ["journey"]:
        using (Journey journey = new(XenPlatform.Current))
            return await journey.RunAsync();
    case ["clock", string domain, string most]:
        return await ClockOfDomain.MeasureAsync(XenPlatform.Current.Xenstore, int.Parse(domain), int.Parse(most));
}

TimeSpan duration = TimeSpan.FromMinutes(double.Parse(args[0]));
TimeSpan round = TimeSpan.FromSeconds(Math.Clamp(duration.TotalSeconds / 6, 5, 60));
using OutputLoad output = new();
Load[] loads = [new GarbageLoad(0), new GarbageLoad(1), new ThreadLoad(), new TaskLoad(), new TimerLoad(), new FileLoad(0), new FileLoad(1), new ExceptionLoad(), output];
List<Figures> history = [];
Stopwatch clock = Stopwatch.StartNew();
while (clock.Elapsed < duration || history.Count < 3)
{
    long[] before = [.. loads.Select(load => load.Operations)];
    TimeSpan begin = clock.Elapsed;
    foreach (Load load in loads)
        load.Start();
    long most = 0;
    while (clock.Elapsed - begin < round)
    {
        Thread.Sleep(100);
        most = Math.Max(most, Figures.Used());
    }
    TimeSpan worked = clock.Elapsed - begin;
    foreach (Load load in loads)
        load.Stop();
    foreach (Load load in loads)
        load.Rest();

    Figures now = Figures.AtRest(most);
    history.Add(now);
    string rates = string.Join(", ", loads.Index().GroupBy(l => l.Item.Name).Select(g => $"{g.Key} {g.Sum(l => l.Item.Operations - before[l.Index]) / worked.TotalSeconds:0.#}"));
    Console.WriteLine($"{clock.Elapsed:hh\\:mm\\:ss} {now}; a second: {rates}; failures {loads.Sum(load => load.Failures)}");
}

Console.WriteLine($"lines of output: {output.Operations}; {string.Join("; ", loads.Select(load => load.Remark).Where(remark => remark.Length > 0))}");
bool flat = Figures.AreFlat(history);
bool whole = loads.All(load => load.Failures == 0 && load.Operations > 0);
Console.WriteLine($"memory flat: {flat}, nothing lost: {whole}, after {loads.Sum(load => load.Operations)} operations");
return flat && whole ? 0 : 1;
